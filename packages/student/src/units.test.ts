import { GraphBuilder, numbersOf, tensorOf } from '@datafree/core';
import { expect, it } from 'vitest';
import { findQuantisers } from './quantisers.ts';
import { stateOf } from './states.ts';
import { network, quantize } from './testing/networks.ts';
import { unitsOf } from './units.ts';

it('counts weights in steps, and biases in what a weight of one step adds at the middle of its input', async () => {
  const { graph } = await quantize(network(), 4);
  const { weights, biases, activations } = findQuantisers(graph);
  const units = unitsOf(graph);
  const numbers = (name: string) => Array.from(numbersOf(graph.initializers.get(name)!));
  const [weight] = weights;
  const scales = numbers(weight!.scale);
  expect(scales).toHaveLength(8);
  const each = 2 * 9;
  const own = units.get(stateOf.weight(weight!.codes))!;
  expect(Array.from(own)).toEqual(Array.from({ length: 8 * each }, (_, i) => scales[Math.floor(i / each)]));
  const bias = biases[0]!;
  const input = activations.find(({ scale }) => scale === bias.quantised!.inputScale)!;
  const middle = 127.5 * numbers(input.scale)[0]!;
  const biasUnits = units.get(stateOf.bias(bias.name))!;
  for (const [c, scale] of scales.entries()) expect(biasUnits[c]! / (scale * middle)).toBeCloseTo(1, 5);
  const layer = graph.nodes.find(({ inputs }) => inputs[1] === weight!.node.outputs[0])!;
  expect(Array.from(units.get(stateOf.gamma(layer.name))!)).toEqual(Array(8).fill(Math.fround(2 / 15)));
});

it('has a unit for biases of a layer that stayed in floating point', () => {
  const b = new GraphBuilder();
  const x = b.input('x', 'float32', [1, 2]);
  const constant = (name: string, dims: number[], values: number[]) =>
    b.constant(tensorOf('float32', dims, values), name);
  const bias = constant('bias', [2], [-3.5, 1]);
  const none = constant('none', [2], [0, 0]);
  const weight = constant('weight', [2, 2], [1, 2, 3, 4]);
  const [y] = b.apply('Gemm', [x, weight, bias]);
  const [z] = b.apply('Gemm', [y!, weight, none]);
  b.output(z!, 'z');
  const units = unitsOf(b.build());
  expect(Array.from(units.get(stateOf.bias('bias'))!)).toEqual([0.5, 0.5]);
  expect(Array.from(units.get(stateOf.bias('none'))!)).toEqual([1, 1]);
});
