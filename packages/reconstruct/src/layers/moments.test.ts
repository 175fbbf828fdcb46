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

const enough = { sums: 1000, sumsPerTerm: 1 };

it.each([
  ['at once', 7, 1, undefined],
  ['a few at a time', 7, 1, { ...enough, held: 8 }],
  ['every third, at once', 19, 3, { held: 1000, sums: 6, sumsPerTerm: 1 }],
  ['every third, six at a time', 19, 3, { held: 18, sums: 6, sumsPerTerm: 1 }],
  ['as many as a term needs', 19, 2, { held: 1000, sums: 6, sumsPerTerm: 3 }],
])('are those of the values: %s', async (_, given, stride, limits) => {
  const random = new Random(5);
  const count = Math.ceil(given / stride);
  const [own, exact] = [0, 1].map((mean) => Float32Array.from(random.normals(3 * given, mean))) as [
    Float32Array,
    Float32Array,
  ];
  const found = await momentsOf(layer, arrangementOf(layer)!, { count: given, own, exact }, context(), limits);
  const mean = (values: Float32Array, i: number) =>
    Array.from({ length: count }, (_, n) => values[3 * stride * n + i]!).reduce((sum, value) => sum + value) / count;
  const covariance = (left: Float32Array, i: number, right: Float32Array, j: number) =>
    Array.from(
      { length: count },
      (_, n) => (left[3 * stride * n + i]! - mean(left, i)) * (right[3 * stride * n + j]! - mean(right, j)),
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

it('takes other places of each sample', async () => {
  const node = { op: 'Conv', domain: '', name: 'conv', inputs: ['x', 'w'], outputs: ['y'], attributes: {} };
  const conv: Layer = { node, weight: [1, 1, 1, 1], input: [1, 2, 2] };
  const one = Float32Array.from({ length: 12 }, (_, i) => i);
  const few = { held: 1000, sums: 3, sumsPerTerm: 1 };
  // Of three samples of four places every third: not every fourth, which would be the first of each.
  const { ownMeans } = await momentsOf(conv, arrangementOf(conv)!, { count: 3, own: one, exact: one }, context(), few);
  expect(ownMeans[0]).toBeCloseTo((0 + 3 + 6 + 9) / 4, 5);
});
