import { type GraphBuilder, mul, Random, reduceSum, reshape, tensorOf, type Value } from '@datafree/core';
import { describe, expect, it } from 'vitest';
import { centralDifferences, valueAndGradient } from '../testing/derivative.ts';
import { channelMoments } from './moments.ts';

const random = new Random(1);
const drawn = (dims: readonly number[]) =>
  tensorOf('float32', dims, random.normals(dims.reduce((product, size) => product * size, 1)));

describe('channelMoments', () => {
  for (const dims of [
    [4, 3],
    [3, 2, 5],
    [2, 3, 4, 2],
    [2, 2, 2, 3, 2],
  ]) {
    for (const perSample of [false, true]) {
      it(`averages [${dims}] ${perSample ? 'within each sample' : 'over the batch'}`, () => {
        const x = drawn(dims);
        const [samples = 1, channels = 1] = dims;
        const groups = perSample ? samples : 1;
        const weights = drawn([2, groups, channels]);
        const write = (b: GraphBuilder, value: Value) =>
          reduceSum(b, mul(b, channelMoments(b, [value], perSample), b.constant(weights)));

        const inner = x.data.length / (samples * channels);
        let expected = 0;
        x.data.forEach((value, i) => {
          const channel = Math.floor(i / inner) % channels;
          const group = perSample ? Math.floor(i / (inner * channels)) : 0;
          const count = perSample ? inner : inner * samples;
          const at = group * channels + channel;
          expected += (value * weights.data[at]! + value ** 2 * weights.data[groups * channels + at]!) / count;
        });
        const { value, gradient } = valueAndGradient(x, write);
        expect(value).toBeCloseTo(expected, 5);
        const elements = [0, 1, x.data.length - 1];
        centralDifferences(x, write, elements).forEach((slope, i) => {
          expect(gradient[elements[i]!]).toBeCloseTo(slope, 6);
        });
      });
    }
  }

  it('gives the moments of several values side by side, and the derivative by each', () => {
    const x = drawn([2, 3, 4, 2]);
    const weights = drawn([2, 1, 7]);
    const write = (b: GraphBuilder, value: Value) => {
      const values = [value, reshape(b, value, [2, 4, 6])];
      return reduceSum(b, mul(b, channelMoments(b, values), b.constant(weights)));
    };
    const { gradient } = valueAndGradient(x, write);
    const elements = [0, 17, x.data.length - 1];
    centralDifferences(x, write, elements).forEach((slope, i) => {
      expect(gradient[elements[i]!]).toBeCloseTo(slope, 6);
    });
  });
});
