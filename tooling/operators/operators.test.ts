import {
  differentiate,
  GraphBuilder,
  interpret,
  reduceSum,
  standardOperators,
  tensorOf,
  withOperators,
} from '@datafree/core';
import { distil } from '@datafree/finetuner';
import { decodeModel, encodeModel, loadModel } from '@datafree/onnx';
import { type Context, type Graph, type SampleSet, silentLogger } from '@datafree/plugin';
import { quantizer } from '@datafree/quantizer';
import { reconstruct } from '@datafree/reconstruct';
import { ort } from '@datafree/runtime-ort';
import { similarity } from '@datafree/similarity';
import { bns } from '@datafree/synth-bns';
import { beforeAll, describe, expect, it } from 'vitest';
import { network } from './network.ts';
import { quickGelu, quickGeluOperator } from './quickGelu.ts';

const runtime = ort({ threads: 1, spinning: false });
const operators = withOperators(standardOperators, [quickGeluOperator]);
const bytes = network(operators);
const model = loadModel(bytes, { operators });
const count = 16;

function context(own: Partial<Context> = {}): Context {
  return { runtime, seed: 1, logger: silentLogger, onProgress() {}, ...own };
}

/** Sum over the samples of the squared distance of a graph's outputs from the network's. */
async function distance(graph: Graph, samples: SampleSet): Promise<number> {
  const sessions = [await runtime.compile(model.graph), await runtime.compile(decodeModel(encodeModel(graph)))];
  let sum = 0;
  for await (const { data } of samples.batches(count)) {
    const [own, other] = await Promise.all(
      sessions.map(async (session) => (await session.run({ input: data })).logits!.data as Float32Array),
    );
    own!.forEach((value, i) => {
      sum += (value - other![i]!) ** 2;
    });
  }
  for (const session of sessions) await session.dispose();
  return sum;
}

describe('an operator from outside', () => {
  it('computes what onnxruntime computes, and its derivative is that of its reference', async () => {
    const x = tensorOf('float32', [7], [-4, -1, -0.3, 0, 0.4, 1.2, 5]);
    const b = new GraphBuilder({ operators });
    const input = b.input('x', 'float32', [7]);
    const y = quickGelu(b, input, 1.3);
    b.output(y, 'y');
    b.output(differentiate(b, reduceSum(b, y), [input])[0]!, 'slope');
    const graph = b.build();
    const session = await runtime.compile(graph);
    const found = await session.run({ x });
    await session.dispose();
    const value = (data: Iterable<number>) =>
      interpret(graph, { x: tensorOf('float64', [7], [...data]) }, { double: true, wanted: ['y'], operators }).y!
        .data as Float64Array;
    const [above, below] = [1e-4, -1e-4].map((step) => value(Array.from(x.data, (at) => at + step)));
    value(x.data).forEach((own, i) => {
      expect(found.y!.data[i]).toBeCloseTo(own, 5);
      expect(found.slope!.data[i]).toBeCloseTo((above![i]! - below![i]!) / 2e-4, 4);
    });
  });

  it('is needed', async () => {
    const without = loadModel(bytes);
    expect(() => quantizer().check?.(without)).toThrow(/QuickGelu/);
    const made = bns({ iterations: 1 }).synthesize(without, { count }, context());
    await expect(made).rejects.toMatchObject({ code: 'operator-unknown', op: 'QuickGelu' });
  });

  it('without a derivative keeps samples from being optimised', async () => {
    const { gradient: _, ...rest } = quickGeluOperator;
    const flat = loadModel(bytes, { operators: withOperators(standardOperators, [rest]) });
    const made = bns({ iterations: 1 }).synthesize(flat, { count }, context());
    await expect(made).rejects.toMatchObject({ code: 'operator-no-gradient', op: 'QuickGelu' });
  });
});

describe('a network with an operator from outside', () => {
  let samples: SampleSet;

  beforeAll(async () => {
    const losses: number[] = [];
    const onProgress: Context['onProgress'] = ({ values }) => {
      if (values?.loss !== undefined) losses.push(values.loss);
    };
    samples = await bns({ iterations: 40 }).synthesize(model, { count }, context({ onProgress }));
    expect(Math.min(...losses)).toBeLessThan(0.5 * losses[0]!);
  });

  it('is measured on its samples', async () => {
    const noise: SampleSet = {
      ...samples,
      async *batches(size) {
        for await (const { data } of samples.batches(size)) yield { data: { ...data, data: data.data.map(() => 0) } };
      },
    };
    const measured = await similarity().measure(model, samples, context());
    const other = await similarity().measure(model, noise, context());
    const names = Object.keys(measured);
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) expect(Number.isFinite(measured[name])).toBe(true);
    expect(measured).not.toEqual(other);
  });

  it('is quantised around it', async () => {
    const { graph, fusion } = await quantizer().quantize(model, samples, context());
    expect(graph.nodes.filter(({ op }) => op === 'QuickGelu')).toHaveLength(3);
    expect(fusion?.integer).toBeGreaterThanOrEqual(3);
    const { graph: coarse } = await quantizer({ weights: 2 }).quantize(model, samples, context());
    expect(await distance(graph, samples)).toBeLessThan(0.1 * (await distance(coarse, samples)));
  });

  it.each([
    ['distil', distil({ steps: 40, batch: 8, augmentations: [] })],
    ['reconstruct', reconstruct({ steps: 40, batch: 8 })],
  ])('learns in few bits: %s', async (_, tuner) => {
    const quantized = await quantizer({ weights: 3, activations: 4 }).quantize(model, samples, context());
    const { graph } = await tuner.fineTune(model, quantized, samples, context());
    expect(await distance(graph, samples)).toBeLessThan(0.9 * (await distance(quantized.graph, samples)));
  });
});
