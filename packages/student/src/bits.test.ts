import { expect, it } from 'vitest';
import { quantizedBits } from './bits.ts';
import { network, quantize } from './testing/networks.ts';

it.each([3, 4, 8])('reads %i bits from a quantised graph', async (bits) => {
  const { graph } = await quantize(network(), bits);
  expect(quantizedBits(graph)).toEqual({ weights: bits, activations: bits });
});

it('finds none in a graph that is not quantised', () => {
  expect(quantizedBits(network().graph)).toBeUndefined();
});
