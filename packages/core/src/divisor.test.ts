import { expect, it } from 'vitest';
import { greatestCommonDivisor } from './divisor.ts';

it.each([
  [12, 18, 6],
  [18, 12, 6],
  [7, 1024, 1],
  [0, 5, 5],
  [5, 0, 5],
])('divides %i and %i: %i', (a, b, divisor) => {
  expect(greatestCommonDivisor(a, b)).toBe(divisor);
});
