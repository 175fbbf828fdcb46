import { attribute, GraphBuilder, interpret, matMul, numbersOf, Random, reshape, tensorOf } from '@datafree/core';
import type { Attributes } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { arrangementOf, type Layer, writePatches } from './patches.ts';

const { int, ints, string } = attribute;

function layerOf(op: string, weight: readonly number[], input: readonly number[], attributes: Attributes = {}): Layer {
  return { node: { op, domain: '', name: op, inputs: ['x', 'w'], outputs: ['y'], attributes }, weight, input };
}

describe('what the weights of a layer are multiplied with', () => {
  it.each([
    [
      'strides and padding',
      layerOf('Conv', [4, 3, 3, 3], [3, 7, 6], { strides: ints([2, 1]), pads: ints([1, 0, 2, 1]) }),
    ],
    [
      'padding that it finds itself',
      layerOf('Conv', [4, 3, 3, 3], [3, 7, 6], { strides: ints([2, 2]), auto_pad: string('SAME_UPPER') }),
    ],
    ['holes', layerOf('Conv', [2, 2, 3, 2], [2, 9, 8], { dilations: ints([2, 3]) })],
    ['groups', layerOf('Conv', [6, 2, 3, 3], [4, 5, 5], { group: int(2), pads: ints([1, 1, 1, 1]) })],
    ['a group for each channel', layerOf('Conv', [8, 1, 3, 3], [4, 6, 6], { group: int(4) })],
    ['one dimension', layerOf('Conv', [3, 2, 5], [2, 11], { pads: ints([2, 2]) })],
    ['three dimensions', layerOf('Conv', [3, 2, 2, 2, 2], [2, 4, 3, 5])],
    ['rows of weights', layerOf('Gemm', [5, 6], [6], { transB: int(1) })],
    ['columns of weights', layerOf('Gemm', [6, 5], [6])],
    ['a sequence', layerOf('MatMul', [6, 5], [3, 6])],
  ])('gives with them what the layer gives: %s', (_, layer) => {
    const random = new Random(3);
    const [x, w] = [[2, ...layer.input], layer.weight].map((dims) =>
      tensorOf('float32', dims, random.normals(dims.reduce((all, size) => all * size, 1))),
    ) as [ReturnType<typeof tensorOf>, ReturnType<typeof tensorOf>];
    const arrangement = arrangementOf(layer)!;
    const { groups, terms, outputs, at } = arrangement;
    const rows = Array.from({ length: outputs * terms }, (_, i) => numbersOf(w)[at(Math.floor(i / terms), i % terms)]!);
    const b = new GraphBuilder();
    const input = b.input('x', 'float32', x.dims);
    const arranged = b.constant(tensorOf('float32', [groups, outputs / groups, terms], rows));
    const sums = matMul(b, arranged, writePatches(b, input, layer, arrangement));
    b.output(reshape(b, sums, [outputs, sums.shape[2] as number]), 'sums');
    b.output(b.op(layer.node.op, [input, b.constant(w)], layer.node.attributes), 'layer');
    const found = interpret(b.build(), { x });
    const [own, wanted] = [numbersOf(found.sums!), numbersOf(found.layer!)];
    // The layer's outputs follow the sample, the sums the output.
    const channelAxis = layer.node.op === 'Conv' ? 1 : found.layer!.dims.length - 1;
    const inner = found.layer!.dims.slice(channelAxis + 1).reduce((all, size) => all * size, 1);
    expect(own.length).toBe(wanted.length);
    for (let i = 0; i < wanted.length; i++) {
      const output = Math.floor(i / inner) % outputs;
      const column = Math.floor(i / inner / outputs) * inner + (i % inner);
      expect(own[output * (own.length / outputs) + column]).toBeCloseTo(wanted[i]!, 4);
    }
  });

  it('are not known of other layers', () => {
    expect(arrangementOf(layerOf('ConvTranspose', [2, 3, 3, 3], [2, 5, 5]))).toBeUndefined();
    expect(arrangementOf(layerOf('Gemm', [6, 5], [6], { transA: int(1) }))).toBeUndefined();
    expect(arrangementOf(layerOf('MatMul', [2, 6, 5], [2, 3, 6]))).toBeUndefined();
  });
});
