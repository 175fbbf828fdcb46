import {
  attribute,
  conv,
  GraphBuilder,
  identity,
  interpret,
  numbersOf,
  Random,
  relu,
  reshape,
  type Value,
} from '@datafree/core';
import {
  type BatchNormSite,
  type Context,
  type Graph,
  type Model,
  type ProgressEvent,
  type Runtime,
  type SampleSet,
  silentLogger,
} from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { compareDataSets } from './compareDataSets.ts';
import { gaussianDivergence } from './divergence.ts';
import { jackknife } from './jackknife.ts';
import { similarity } from './similarity.ts';

/** Runs graphs by their reference evaluation and counts what is open. */
function referenceRuntime() {
  const state = { open: 0, compiled: [] as Graph[], runs: 0 };
  const runtime: Runtime = {
    kind: 'runtime',
    name: 'reference',
    apiVersion: 1,
    supports: { gradients: true, integerKernels: false, opset: 21 },
    async compile(graph) {
      state.open++;
      state.compiled.push(graph);
      return {
        async run(feeds) {
          state.runs++;
          return interpret(graph, feeds);
        },
        async dispose() {
          state.open--;
        },
      };
    },
  };
  return { runtime, state };
}

function contextOf(runtime: Runtime, more: Partial<Context> = {}): Context {
  return { runtime, seed: 0, logger: silentLogger, onProgress() {}, ...more };
}

function samplesOf(shape: readonly number[], count: number, value: (index: number) => number): SampleSet {
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: count * size }, (_, i) => value(i));
  return {
    shape,
    count,
    labelled: false,
    async *batches(length) {
      for (let n = 0; n < count; n += length) {
        const part = data.subarray(n * size, Math.min(count, n + length) * size);
        yield { data: { dtype: 'float32', dims: [part.length / size, ...shape], data: part } };
      }
    },
  };
}

function batchNorm(b: GraphBuilder, x: Value, sites: BatchNormSite[]): Value {
  const channels = x.shape[1]!;
  const node = `bn${sites.length}`;
  const [scale, shift, mean, variance] = [1, 0, 0.25, 2].map((v) => new Float32Array(channels).fill(v));
  sites.push({
    node,
    tensor: x.name,
    channels,
    scale: scale!,
    shift: shift!,
    mean: mean!,
    variance: variance!,
    epsilon: 1e-5,
  });
  const parameters = [scale, shift, mean, variance].map((data) =>
    b.constant({ dtype: 'float32', dims: [channels], data: data! }),
  );
  return b.apply('BatchNormalization', [x, ...parameters], {
    attributes: { epsilon: attribute.float(1e-5) },
    name: node,
  })[0]!;
}

/** Makes a model with batch axis "N" (or a fixed one) of what `write` adds after the input. */
function modelOf(
  shape: readonly number[],
  write: (b: GraphBuilder, x: Value, sites: BatchNormSite[]) => Value,
  batch?: number,
): Model {
  const b = new GraphBuilder();
  const sites: BatchNormSite[] = [];
  b.output(identity(b, write(b, b.input('input', 'float32', [batch ?? 1, ...shape]), sites)), 'logits');
  const graph = b.build();
  const free = <T extends { shape: readonly (number | string)[] }>(info: T): T => ({
    ...info,
    shape: [batch ?? 'N', ...info.shape.slice(1)],
  });
  const inputs = graph.inputs.map(free);
  const outputs = graph.outputs.map(free);
  return { graph: { ...graph, inputs, outputs }, input: inputs[0]!, output: outputs[0]!, batchNorms: sites, hash: '' };
}

const convNet = (batch?: number): Model =>
  modelOf(
    [2, 6, 5],
    (b, x, sites) => {
      const random = new Random(3);
      const weights = (o: number, i: number): Value =>
        b.constant({ dtype: 'float32', dims: [o, i, 3, 3], data: random.normals(o * i * 9, 0, 0.3) });
      const first = relu(b, batchNorm(b, conv(b, x, weights(4, 2)), sites));
      const second = batchNorm(b, conv(b, first, weights(3, 4)), sites);
      // The end is not needed: it must not be run.
      return b.op('Softmax', [second], { axis: attribute.int(1) });
    },
    batch,
  );

const noise = (seed: number, mean = 0): ((index: number) => number) => {
  const values = new Random(seed).normals(4000, mean);
  return (index) => values[index]!;
};

/** The same measure by plain loops: every tensor of every sample is kept. */
async function direct(model: Model, samples: SampleSet) {
  const names = model.batchNorms.map((site) => site.tensor);
  const perSample: (readonly (readonly number[])[])[][] = [];
  for await (const { data } of samples.batches(1)) {
    const values = interpret(model.graph, { input: data }, { wanted: names });
    perSample.push(
      names.map((name) => {
        const tensor = values[name]!;
        const channels = tensor.dims[1]!;
        const numbers = Array.from(numbersOf(tensor));
        const plane = numbers.length / (tensor.dims[0]! * channels);
        return Array.from({ length: channels }, (_, c) =>
          numbers.filter((_, i) => Math.floor(i / plane) % channels === c),
        );
      }),
    );
  }
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const layer = (index: number, left: number): number => {
    const site = model.batchNorms[index]!;
    const kept = perSample.filter((_, n) => n !== left);
    const perChannel = Array.from({ length: site.channels }, (_, c) => {
      const values = kept.flatMap((sample) => sample[index]![c]!);
      const m = mean(values);
      return gaussianDivergence(m - site.mean[c]!, mean(values.map((v) => (v - m) ** 2)), site.variance[c]!);
    });
    return mean(perChannel);
  };
  const estimate = (statistic: (left: number) => number) => {
    const ones = perSample.map(() => 1);
    return jackknife(
      statistic(-1),
      ones.map((_, n) => statistic(n)),
      ones,
    );
  };
  return {
    layers: names.map((_, index) => estimate((left) => layer(index, left))),
    total: estimate((left) => mean(names.map((_, index) => layer(index, left)))),
  };
}

const rounded = (value: number): unknown => expect.closeTo(value, 5);

describe('compareDataSets', () => {
  it('equals the definition, for every size of batch, remainder and fixed batch', async () => {
    const samples = samplesOf([2, 6, 5], 7, noise(1, 0.4));
    const expected = await direct(convNet(), samples);
    const { runtime, state } = referenceRuntime();
    for (const [model, batchSize] of [
      [convNet(), 1],
      [convNet(), 3],
      [convNet(), 7],
      [convNet(), 100],
      [convNet(4), 1],
    ] as const) {
      const [result] = await compareDataSets(model, { set: samples }, contextOf(runtime), { batchSize });
      expect(result).toEqual({
        name: 'set',
        samples: 7,
        divergence: rounded(expected.total.value),
        spread: rounded(expected.total.spread),
        layers: expected.layers.map(({ value, spread }, i) => ({
          node: `bn${i}`,
          channels: [4, 3][i],
          divergence: rounded(value),
          spread: rounded(spread),
        })),
      });
    }
    expect(state.open).toBe(0);
    expect(state.compiled[0]!.nodes.map((node) => node.op)).not.toContain('Softmax');
  });

  it('takes inputs, vectors and folded axes that feed a BatchNormalization', async () => {
    const { runtime } = referenceRuntime();
    const vectors = modelOf([5], batchNorm);
    const folded = modelOf([2, 3], (b, x, sites) => batchNorm(b, reshape(b, x, [-1, 3]), sites));
    for (const [model, shape] of [
      [vectors, [5]],
      [folded, [2, 3]],
    ] as const) {
      const samples = samplesOf(shape, 6, noise(2));
      const expected = await direct(model, samples);
      const [result] = await compareDataSets(model, { set: samples }, contextOf(runtime), { batchSize: 4 });
      expect(result!.divergence).toBeCloseTo(expected.total.value, 5);
      expect(result!.spread).toBeCloseTo(expected.total.spread, 5);
    }
  });

  it('orders data sets by how far they are from the running statistics', async () => {
    const { runtime } = referenceRuntime();
    const model = modelOf([3, 2, 2], batchNorm);
    const values = new Random(9).normals(4 * 2400);
    const set = (mean: number, deviation: number) => samplesOf([3, 2, 2], 200, (i) => mean + deviation * values[i]!);
    const results = await compareDataSets(
      model,
      { same: set(0.25, Math.SQRT2), near: set(0.6, Math.SQRT2), far: set(3, 0.5) },
      contextOf(runtime),
    );
    const [same, near, far] = results.map((result) => result.divergence) as [number, number, number];
    expect(results.map((result) => result.name)).toEqual(['same', 'near', 'far']);
    expect(Math.abs(same)).toBeLessThan(results[0]!.spread);
    expect(near).toBeCloseTo(gaussianDivergence(0.35, 2, 2), 1);
    expect(same).toBeLessThan(near);
    expect(near).toBeLessThan(far);
  });

  it('gives the same numbers for the same seed, and the same divergence whatever the order of the data', async () => {
    const { runtime } = referenceRuntime();
    const model = modelOf([1, 2, 2], batchNorm);
    // Sorted, as a folder of classes is: the first half is dark, the second bright.
    const sorted = samplesOf([1, 2, 2], 320, (i) => (i < 640 ? -1 : 1) + Math.sin(i));
    const mixed = samplesOf([1, 2, 2], 320, (i) => (Math.floor(i / 4) % 2 === 0 ? -1 : 1) + Math.sin(i));
    const run = async (set: SampleSet, seed: number) =>
      (await compareDataSets(model, { set }, contextOf(runtime, { seed })))[0]!;
    expect(await run(sorted, 1)).toEqual(await run(sorted, 1));
    expect((await run(sorted, 2)).spread).not.toBe((await run(sorted, 1)).spread);
    const [a, b] = [await run(sorted, 1), await run(mixed, 1)];
    expect(Math.abs(a.divergence - b.divergence)).toBeLessThan(a.spread + b.spread);
    expect(a.spread / b.spread).toBeGreaterThan(0.4);
    expect(a.spread / b.spread).toBeLessThan(2.5);
  });

  it('reports progress over all sets and stops when told to, leaving nothing open', async () => {
    const { runtime, state } = referenceRuntime();
    const model = modelOf([5], batchNorm);
    const sets = { a: samplesOf([5], 5, noise(1)), b: samplesOf([5], 4, noise(2)) };
    const events: ProgressEvent[] = [];
    const onProgress = (event: ProgressEvent): void => void events.push(event);
    await compareDataSets(model, sets, contextOf(runtime, { onProgress }), { batchSize: 2 });
    expect(events.map((event) => event.done)).toEqual([2, 4, 5, 7, 9]);
    expect(new Set(events.map(({ stage, total, unit }) => `${stage} ${total} ${unit}`))).toEqual(
      new Set(['similarity 9 samples']),
    );

    const controller = new AbortController();
    state.runs = 0;
    const aborting = contextOf(runtime, { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(compareDataSets(model, sets, aborting, { batchSize: 2 })).rejects.toMatchObject({ code: 'aborted' });
    expect(state).toMatchObject({ runs: 1, open: 0 });
    await expect(compareDataSets(model, sets, aborting)).rejects.toMatchObject({ code: 'aborted' });
    expect(state).toMatchObject({ runs: 1, open: 0 });
  });

  it('refuses what it cannot measure', async () => {
    const { runtime, state } = referenceRuntime();
    const model = modelOf([5], batchNorm);
    const run = (given: Model, set: SampleSet, options?: object) =>
      compareDataSets(given, { set }, contextOf(runtime), options);
    await expect(run(modelOf([5], relu), samplesOf([5], 4, noise(1)))).rejects.toMatchObject({
      code: 'batchnorm-missing',
    });
    await expect(run(model, samplesOf([4], 4, noise(1)))).rejects.toMatchObject({ code: 'data-shape' });
    await expect(run(model, samplesOf([5], 0, noise(1)))).rejects.toMatchObject({ code: 'data-empty' });
    await expect(run(model, samplesOf([5], 1, noise(1)))).rejects.toMatchObject({ code: 'unsupported' });
    await expect(
      run(
        model,
        samplesOf([5], 4, () => Number.NaN),
      ),
    ).rejects.toMatchObject({ code: 'not-finite', node: 'bn0' });
    for (const options of [{ batchSize: 0 }, { groups: 1 }, { batches: 3 }]) {
      await expect(run(model, samplesOf([5], 4, noise(1)), options)).rejects.toMatchObject({ code: 'option-invalid' });
    }
    expect(state.open).toBe(0);
  });
});

describe('similarity', () => {
  it('is a metric of the same numbers', async () => {
    const { runtime } = referenceRuntime();
    const samples = samplesOf([2, 6, 5], 7, noise(1));
    const metric = similarity({ batchSize: 3 });
    expect(metric).toMatchObject({ kind: 'metric', name: 'similarity', options: { batchSize: 3, groups: 32 } });
    const [expected] = await compareDataSets(convNet(), { samples }, contextOf(runtime));
    const measured = await metric.measure(convNet(), samples, contextOf(runtime));
    expect(measured).toEqual({
      divergence: rounded(expected!.divergence),
      spread: rounded(expected!.spread),
      'divergence:bn0': rounded(expected!.layers[0]!.divergence),
      'divergence:bn1': rounded(expected!.layers[1]!.divergence),
    });
    expect(() => similarity({ depth: 1 } as never)).toThrow(
      expect.objectContaining({ code: 'option-invalid', path: 'depth' }),
    );
  });
});
