import { GraphBuilder, numbersOf, Random, StepProgram, type StepRunner, tensorOf } from '@datafree/core';
import { foldBatchNorms } from '@datafree/onnx';
import type { Graph, Tensor } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { exportStudent } from './export.ts';
import { foldedBatchNorms } from './following.ts';
import { findQuantisers } from './quantisers.ts';
import { stateOf } from './states.ts';
import { writeStudent } from './student.ts';
import { context, noise, normalized, quantize } from './testing/networks.ts';

const input = tensorOf('float32', [32, 2, 8, 8], new Random(11).normals(32 * 128));

/** A student whose BatchNormalizations follow, ready to run. */
async function following(options: Parameters<typeof quantize>[3] = {}, bits = 8) {
  const model = normalized();
  const { graph } = await quantize(model, bits, noise(64), options);
  const folded = foldBatchNorms(model.graph);
  const batchNorms = foldedBatchNorms(model, folded);
  const program = new StepProgram(new GraphBuilder());
  const x = program.builder.input('x', 'float32', input.dims);
  const written = writeStudent(program, graph, folded, { input: x }, { learnSteps: 'both', batchNorms });
  program.read('logits', written.find('logits'));
  return { model, graph, batchNorms, written, runner: await program.compile(context().runtime) };
}

async function logits(graph: Graph): Promise<Float32Array> {
  const session = await context().runtime.compile(graph);
  const outputs = await session.run({ input });
  await session.dispose();
  return outputs.logits!.data as Float32Array;
}

/** Moves what has learned, so that nothing is where it started. */
function move(runner: StepRunner): void {
  const random = new Random(2);
  const sizes = [
    ['step/', 0.05],
    ['weight/', 0.02],
    ['bias/', 0.1],
    ['gamma/', 0.3],
  ] as const;
  for (const [name, { dims }] of runner.states) {
    const size = sizes.find(([start]) => name.startsWith(start))?.[1];
    if (size === undefined) continue;
    const before = numbersOf(runner.get(name));
    const moved = random.normals(before.length, 0, size).map((change, i) => before[i]! + change);
    runner.set(name, tensorOf('float32', dims, moved));
  }
}

/** Runs a step, then sets the running moments to those that its batch had. */
async function settle(runner: StepRunner): Promise<Float32Array> {
  const names = [...runner.states.keys()].filter((name) => name.startsWith('mean/') || name.startsWith('variance/'));
  const before = new Map(names.map((name) => [name, numbersOf(runner.get(name))]));
  const reads = await runner.step({ x: input });
  for (const name of names) {
    const { dims } = runner.get(name);
    const old = before.get(name)!;
    const own = Float64Array.from(numbersOf(runner.get(name)), (value, c) => (value - 0.9 * old[c]!) / 0.1);
    runner.set(name, tensorOf('float32', dims, own));
  }
  return reads.logits!.data as Float32Array;
}

const distance = (left: Float32Array, right: Float32Array) => Math.hypot(...left.map((value, i) => value - right[i]!));

describe('BatchNormalization that follows', () => {
  it('is found for each layer that took one in', async () => {
    const model = normalized();
    const sites = foldedBatchNorms(model, foldBatchNorms(model.graph));
    expect([...sites.values()]).toEqual(model.batchNorms);
    const convolutions = model.graph.nodes.filter(({ op }) => op === 'Conv').map(({ name }) => name);
    expect([...sites.keys()]).toEqual(convolutions);
  });

  it.each([
    { bits: 8, symmetric: true },
    { bits: 4, symmetric: true },
    { bits: 4, symmetric: false },
  ])('changes nothing before it has learned ($bits bits, symmetric: $symmetric)', async ({ bits, symmetric }) => {
    const { graph, batchNorms, runner } = await following({ symmetric }, bits);
    const exported = exportStudent(graph, runner.states, { batchNorms });
    await runner.dispose();
    expect(exported.nodes).toEqual(graph.nodes);
    const { weights, biases } = findQuantisers(graph);
    for (const { codes, scale } of weights) {
      expect(exported.initializers.get(codes)!.data).toEqual(graph.initializers.get(codes)!.data);
      const before = numbersOf(graph.initializers.get(scale)!);
      Array.from(numbersOf(exported.initializers.get(scale)!)).forEach((value, i) => {
        expect(value / before[i]!).toBeCloseTo(1, 5);
      });
    }
    for (const { quantised } of biases) {
      const before = numbersOf(graph.initializers.get(quantised!.codes)!);
      const after = numbersOf(exported.initializers.get(quantised!.codes)!);
      Array.from(after).forEach((code, i) => {
        expect(Math.abs(code - before[i]!)).toBeLessThan(2 + 1e-5 * Math.abs(before[i]!));
      });
    }
  });

  it.each([{ symmetric: true }, { symmetric: false }])(
    'exports what it computes where the running moments are those of the data ($symmetric)',
    async ({ symmetric }) => {
      const { graph, batchNorms, runner } = await following({ symmetric });
      move(runner);
      const own = await settle(runner);
      const exported = await logits(exportStudent(graph, runner.states, { batchNorms }));
      await runner.dispose();
      const size = Math.hypot(...own);
      expect(distance(own, exported)).toBeLessThan(0.02 * size);
      expect(distance(own, await logits(graph))).toBeGreaterThan(0.2 * size);
    },
  );

  it('normalises by the batch, and lets running moments follow by a tenth', async () => {
    const { batchNorms, runner } = await following();
    const [layer, { mean, variance }] = [...batchNorms][0]!;
    const before = (await settle(runner)).slice();
    const batch = numbersOf(runner.get(stateOf.variance(layer)));
    expect(batch[0]! / variance[0]!).toBeGreaterThan(0.5);
    expect(batch[0]! / variance[0]!).toBeLessThan(2);
    // Whatever the running moments are, the batch is normalised by its own.
    const dims = [mean.length];
    runner.set(
      stateOf.mean(layer),
      tensorOf(
        'float32',
        dims,
        mean.map((value) => value + 1),
      ),
    );
    const reads = await runner.step({ x: input });
    expect(distance(reads.logits!.data as Float32Array, before)).toBeLessThan(1e-4);
    expect(numbersOf(runner.get(stateOf.mean(layer)))[0]).not.toBeCloseTo(mean[0]! + 1, 3);
    await runner.dispose();
  });

  it('makes steps coarser where a bias would not fit 32 bits', async () => {
    const { graph, batchNorms, runner } = await following();
    const [layer] = [...batchNorms.keys()] as [string];
    const variance = runner.get(stateOf.variance(layer));
    runner.set(
      stateOf.variance(layer),
      tensorOf(
        'float32',
        variance.dims,
        Array.from(numbersOf(variance), () => 1e18),
      ),
    );
    const exported = exportStudent(graph, runner.states, { batchNorms });
    await runner.dispose();
    const { biases, weights } = findQuantisers(exported);
    const { codes, scale } = biases[0]!.quantised!;
    const steps = numbersOf(exported.initializers.get(scale)!);
    const beta = numbersOf(runner.get(stateOf.bias(biases[0]!.name)) as Tensor);
    Array.from(numbersOf(exported.initializers.get(codes)!)).forEach((code, c) => {
      expect(code * steps[c]!).toBeCloseTo(beta[c]!, 3);
    });
    expect(
      Array.from(numbersOf(exported.initializers.get(weights[0]!.codes)!)).every((code) => Math.abs(code) < 127),
    ).toBe(true);
  });

  it('refuses weights with one step size for all channels', async () => {
    await expect(following({ granularity: 'tensor' })).rejects.toMatchObject({
      code: 'unsupported',
      op: 'Conv',
      hint: expect.stringContaining('granularity'),
    });
  });
});
