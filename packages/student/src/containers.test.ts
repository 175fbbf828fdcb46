import { quantizer } from '@datafree/quantizer';
import { expect, it } from 'vitest';
import { quantizedBits } from './bits.ts';
import { decodedWeight } from './master.ts';
import { findQuantisers } from './quantisers.ts';
import { context, network, noise } from './testing/networks.ts';

it.each([4, 3, 2])('finds weights of %i bits in whatever they are stored in', async (bits) => {
  const options = { weights: bits, activations: 6 };
  const [bytes, signed, unsigned] = await Promise.all(
    (['int8', 'int4', 'uint4'] as const).map(async (container) => {
      const { graph } = await quantizer({ ...options, container }).quantize(network(), noise(32), context());
      expect(quantizedBits(graph)).toEqual(options);
      const { weights } = findQuantisers(graph);
      const ends = weights.map(({ low, high }) => [low, high]);
      return { ends, values: weights.map((weight) => decodedWeight(graph, weight)) };
    }),
  );
  const half = 2 ** (bits - 1);
  expect(bytes!.ends).toEqual([0, 1, 2].map(() => [-half, half - 1]));
  expect(signed!.ends).toEqual(bytes!.ends);
  expect(unsigned!.ends).toEqual([0, 1, 2].map(() => [8 - half, 7 + half]));
  expect(signed!.values).toEqual(bytes!.values);
  expect(unsigned!.values).toEqual(bytes!.values);
});
