import { Random } from '@datafree/core';
import { expect, it } from 'vitest';
import { context } from '../testing/residual.ts';
import { momentsOf } from './moments.ts';
import { arrangementOf, type Layer } from './patches.ts';

const layer: Layer = {
  node: { op: 'Gemm', domain: '', name: 'gemm', inputs: ['x', 'w'], outputs: ['y'], attributes: {} },
  weight: [3, 2],
  input: [3],
};

it.each([
  ['at once', undefined],
  ['a few at a time', 8],
])('are those of the values, however many are held: %s', async (_, room) => {
  const random = new Random(5);
  const count = 7;
  const [own, exact] = [0, 1].map((mean) => Float32Array.from(random.normals(3 * count, mean))) as [
    Float32Array,
    Float32Array,
  ];
  const found = await momentsOf(layer, arrangementOf(layer)!, { count, own, exact }, context(), room);
  const mean = (values: Float32Array, i: number) =>
    Array.from({ length: count }, (_, n) => values[3 * n + i]!).reduce((sum, value) => sum + value) / count;
  const covariance = (left: Float32Array, i: number, right: Float32Array, j: number) =>
    Array.from(
      { length: count },
      (_, n) => (left[3 * n + i]! - mean(left, i)) * (right[3 * n + j]! - mean(right, j)),
    ).reduce((sum, value) => sum + value) / count;
  for (let i = 0; i < 3; i++) {
    expect(found.ownMeans[i]).toBeCloseTo(mean(own, i), 5);
    expect(found.exactMeans[i]).toBeCloseTo(mean(exact, i), 5);
    for (let j = 0; j < 3; j++) {
      expect(found.own[3 * i + j]).toBeCloseTo(covariance(own, i, own, j), 5);
      expect(found.cross[3 * i + j]).toBeCloseTo(covariance(own, i, exact, j), 5);
    }
  }
});
