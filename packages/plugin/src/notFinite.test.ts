import { expect, test } from 'vitest';
import { notFiniteIn } from './notFinite.ts';
import type { Tensor } from './tensor.ts';

const samples = (...values: number[]): Tensor<'float32'> => ({
  dtype: 'float32',
  dims: [values.length / 2, 2],
  data: Float32Array.from(values),
});

test('tells the first value that is not finite, and its sample', () => {
  expect(notFiniteIn(samples(1, 2, 3, -4))).toBeUndefined();
  expect(notFiniteIn(samples(1, 2, 3, Number.NaN, Infinity, 0))).toEqual({ sample: 1, value: Number.NaN });
  expect(notFiniteIn(samples(0, 0, 0, 0, -Infinity, Number.NaN))).toEqual({ sample: 2, value: -Infinity });
});
