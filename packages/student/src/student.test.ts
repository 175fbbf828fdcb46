import { GraphBuilder, numbersOf, Random, StepProgram, tensorOf } from '@datafree/core';
import { foldBatchNorms } from '@datafree/onnx';
import type { Tensor } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { exportStudent } from './export.ts';
import { findQuantisers } from './quantisers.ts';
import { writeStudent } from './student.ts';
import { context, network, quantize } from './testing/networks.ts';

const batch = 4;
const input = tensorOf('float32', [batch, 2, 8, 8], new Random(11).normals(batch * 128));

async function student(bits: number) {
  const model = network();
  const { graph } = await quantize(model, bits);
  const program = new StepProgram(new GraphBuilder());
  const x = program.builder.input('x', 'float32', input.dims);
  const written = writeStudent(program, graph, foldBatchNorms(model.graph), { input: x }, { learnSteps: 'both' });
  program.read('logits', written.find('logits'));
  return { model, graph, program };
}

async function logits(graph: Parameters<typeof exportStudent>[0]): Promise<Float32Array> {
  const session = await context().runtime.compile(graph);
  const outputs = await session.run({ input });
  await session.dispose();
  return outputs.logits!.data as Float32Array;
}

describe('student', () => {
  it.each([8, 4, 2])('computes what the %i-bit graph computes, before it has learned', async (bits) => {
    const { graph, program } = await student(bits);
    const runner = await program.compile(context().runtime);
    const own = (await runner.step({ x: input })).logits!.data as Float32Array;
    await runner.dispose();
    const stored = await logits(graph);
    // A float that falls on another side of a half than the integer kernel's is one step off.
    const step = Math.max(...stored.map(Math.abs)) / 2 ** bits;
    own.forEach((value, i) => {
      expect(Math.abs(value - stored[i]!)).toBeLessThan(0.25 * step + 1e-4);
    });
  });

  it('exports what it computes, with its states changed', async () => {
    const { graph, program } = await student(4);
    const runner = await program.compile(context().runtime);
    const random = new Random(2);
    for (const [name, { dims }] of runner.states) {
      const size = name.startsWith('step/') ? 0.05 : 0.02;
      const before = numbersOf(runner.get(name));
      const moved = random.normals(before.length, 0, size).map((change, i) => before[i]! + change);
      runner.set(name, tensorOf('float32', dims, moved));
    }
    const own = (await runner.step({ x: input })).logits!.data as Float32Array;
    const exported = await logits(exportStudent(graph, runner.states));
    await runner.dispose();
    const before = await logits(graph);
    expect(Math.hypot(...own.map((value, i) => value - before[i]!))).toBeGreaterThan(0.01);
    const size = Math.hypot(...own);
    expect(Math.hypot(...own.map((value, i) => value - exported[i]!))).toBeLessThan(0.03 * size);
  });

  it('finds every weight, bias and activation, with the codes that they may take', async () => {
    const { graph } = await student(3);
    const { weights, biases, activations } = findQuantisers(graph);
    expect(weights.map(({ low, high }) => [low, high])).toEqual([
      [-4, 3],
      [-4, 3],
      [-4, 3],
    ]);
    expect(biases.every(({ quantised }) => quantised !== undefined)).toBe(true);
    expect(biases.map(({ name }) => name).slice(0, 2)).toEqual(['bias0', 'bias1']);
    const codes = activations.map(({ low, high }) => high - low);
    expect(codes[0]).toBe(255);
    expect(codes.filter((range) => range === 7).length).toBeGreaterThanOrEqual(2);
  });

  it('starts from the weights of the network, not from their codes', async () => {
    const { model, graph, program } = await student(4);
    const runner = await program.compile(context().runtime);
    const name = [...runner.states.keys()].find((key) => key.startsWith('weight/weight0'))!;
    const state = runner.get(name) as Tensor;
    await runner.dispose();
    expect(state.data).toEqual(model.graph.initializers.get('weight0')!.data);
    expect(graph.initializers.has('weight0')).toBe(false);
  });
});
