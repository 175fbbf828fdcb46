import { GraphBuilder, numbersOf, Random, StepProgram, tensorOf } from '@datafree/core';
import { foldBatchNorms } from '@datafree/onnx';
import type { Tensor } from '@datafree/plugin';
import { quantizer } from '@datafree/quantizer';
import { describe, expect, it } from 'vitest';
import { exportStudent } from './export.ts';
import { decodedWeight } from './master.ts';
import { findQuantisers } from './quantisers.ts';
import { writeStudent } from './student.ts';
import { context, network, noise, quantize } from './testing/networks.ts';

const batch = 4;
const input = tensorOf('float32', [batch, 2, 8, 8], new Random(11).normals(batch * 128));

async function student(bits: number, symmetric = true) {
  const model = network();
  const { graph } = await quantize(model, bits, noise(64), { symmetric });
  const program = new StepProgram(new GraphBuilder());
  const x = program.builder.input('x', 'float32', input.dims);
  const written = writeStudent(program, graph, foldBatchNorms(model.graph), { input: x }, { learnSteps: 'both' });
  program.read('logits', written.find('logits'));
  for (const { node } of findQuantisers(graph).weights) {
    program.read(`rounded/${node.outputs[0]}`, written.find(node.outputs[0] as string));
  }
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

  it('computes a layer that is in floating point as the graph does', async () => {
    const model = network();
    const exclude = model.graph.nodes.filter(({ inputs }) => inputs.includes('weight1')).map(({ name }) => name);
    const { graph } = await quantizer({ exclude }).quantize(model, noise(64), context());
    const program = new StepProgram(new GraphBuilder());
    const x = program.builder.input('x', 'float32', input.dims);
    const written = writeStudent(program, graph, foldBatchNorms(model.graph), { input: x }, { learnSteps: 'both' });
    program.read('logits', written.find('logits'));
    const runner = await program.compile(context().runtime);
    const own = (await runner.step({ x: input })).logits!.data as Float32Array;
    await runner.dispose();
    const stored = await logits(graph);
    const largest = Math.max(...stored.map(Math.abs));
    own.forEach((value, i) => {
      expect(Math.abs(value - stored[i]!)).toBeLessThan(0.02 * largest);
    });
  });

  it.each([
    { bits: 4, symmetric: true },
    { bits: 4, symmetric: false },
    { bits: 8, symmetric: false },
  ])('exports what it computes, with its states changed ($bits bits, symmetric: $symmetric)', async (own) => {
    const { graph, program } = await student(own.bits, own.symmetric);
    const runner = await program.compile(context().runtime);
    const random = new Random(2);
    for (const [name, { dims }] of runner.states) {
      const size = name.startsWith('step/') ? 0.05 : 0.02;
      const before = numbersOf(runner.get(name));
      const moved = random.normals(before.length, 0, size).map((change, i) => before[i]! + change);
      runner.set(name, tensorOf('float32', dims, moved));
    }
    const reads = await runner.step({ x: input });
    const learned = exportStudent(graph, runner.states);
    await runner.dispose();
    for (const weight of findQuantisers(graph).weights) {
      const rounded = reads[`rounded/${weight.node.outputs[0]}`]!.data as Float32Array;
      const stored = decodedWeight(learned, weight).data;
      const largest = Math.max(...stored.map(Math.abs));
      rounded.forEach((value, i) => {
        expect(Math.abs(value - stored[i]!)).toBeLessThan(1e-5 * largest);
      });
    }
    const computed = reads.logits!.data as Float32Array;
    const [exported, before] = [await logits(learned), await logits(graph)];
    expect(Math.hypot(...computed.map((value, i) => value - before[i]!))).toBeGreaterThan(0.01);
    const size = Math.hypot(...computed);
    // Of so few values none lies where the kernels' arithmetic rounds it to another code.
    expect(Math.hypot(...computed.map((value, i) => value - exported[i]!))).toBeLessThan(1e-5 * size);
  });

  it('finds the whole grid of weights that are not symmetric', async () => {
    const { graph } = await student(8, false);
    for (const weight of findQuantisers(graph).weights) expect([weight.low, weight.high]).toEqual([-128, 127]);
    const symmetric = await student(8);
    for (const weight of findQuantisers(symmetric.graph).weights)
      expect([weight.low, weight.high]).toEqual([-127, 127]);
  });

  it('finds the same behind an axis that is counted from the end and a step in a vector of one', async () => {
    const { graph } = await student(4);
    const weights = findQuantisers(graph).weights.map(({ node }) => node);
    const nodes = graph.nodes.map((node) => {
      if (!weights.includes(node)) return node;
      const rank = graph.initializers.get(node.inputs[0]!)!.dims.length;
      return { ...node, attributes: { ...node.attributes, axis: { type: 'int', value: -rank } as const } };
    });
    expect(findQuantisers({ ...graph, nodes }).weights.map(({ axis }) => axis)).toEqual([0, 0, 0]);
    const whole = await quantize(network(), 4, noise(64), { granularity: 'tensor' });
    const initializers = new Map(whole.graph.initializers);
    for (const { scale } of findQuantisers(whole.graph).weights) {
      initializers.set(scale, tensorOf('float32', [1], numbersOf(initializers.get(scale)!)));
    }
    const inVectors = findQuantisers({ ...whole.graph, initializers }).weights;
    expect(inVectors.map(({ axis }) => axis)).toEqual([undefined, undefined, undefined]);
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
    const own = model.graph.initializers.get('weight0')!.data as Float32Array;
    const { scale } = findQuantisers(graph).weights[0]!;
    const step = Math.max(...Array.from(numbersOf(graph.initializers.get(scale)!)));
    (state.data as Float32Array).forEach((value, i) => {
      expect(Math.abs(value - own[i]!)).toBeLessThan(0.02 * step);
    });
    expect(graph.initializers.has('weight0')).toBe(false);
  });

  it('keeps a rounding that was learned, up or down', async () => {
    const { model, graph } = await student(4);
    const random = new Random(4);
    const initializers = new Map(graph.initializers);
    for (const { codes, low, high } of findQuantisers(graph).weights) {
      const tensor = graph.initializers.get(codes)!;
      const turned = Array.from(numbersOf(tensor), (code) => {
        return Math.min(high, Math.max(low, code + Math.floor(3 * random.uniform()) - 1));
      });
      initializers.set(codes, tensorOf(tensor.dtype, tensor.dims, turned));
    }
    const learned = { ...graph, initializers };
    const program = new StepProgram(new GraphBuilder());
    const x = program.builder.input('x', 'float32', input.dims);
    const written = writeStudent(program, learned, foldBatchNorms(model.graph), { input: x }, { learnSteps: 'both' });
    program.read('logits', written.find('logits'));
    const runner = await program.compile(context().runtime);
    const exported = exportStudent(learned, runner.states);
    await runner.dispose();
    for (const { codes } of findQuantisers(graph).weights) {
      expect(exported.initializers.get(codes)!.data).toEqual(learned.initializers.get(codes)!.data);
    }
  });
});
