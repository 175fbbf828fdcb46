import { Random } from '@datafree/core';
import type { SampleSet } from '@datafree/plugin';
import { memorySamples } from './memorySamples.ts';
import { smallNetworkGrid, smallNetworkShape } from './smallNetwork.ts';

/** The baseline: pixels of normal noise, mean the middle of the range and deviation a quarter of it, clamped. */
export function gaussianNoise(count: number, seed: number): SampleSet {
  const { scale, offset, low, high } = smallNetworkGrid;
  const size = smallNetworkShape.reduce((product, dim) => product * dim, count);
  const values = new Random(seed).fork('noise').normals(size, (low + high) / 2, (high - low) / 4);
  return memorySamples(
    smallNetworkShape,
    values.map((value) => {
      const pixel = Math.round(Math.min(high, Math.max(low, value)));
      return (scale[0] as number) * pixel + (offset[0] as number);
    }),
  );
}
