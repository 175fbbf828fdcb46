import { expect, it } from 'vitest';
import { classDivergence } from './classDivergence.ts';

it('is that of the probabilities, summed over rows, whatever is added to a row', () => {
  const half = Float32Array.of(0, 0, 5, 5);
  const skewed = Float32Array.of(Math.log(3), 0, 7 + Math.log(3), 7);
  // ½ ln(½ / ¾) + ½ ln(½ / ¼), twice.
  expect(classDivergence(half, skewed, 2)).toBeCloseTo(Math.log(4 / 3), 6);
  expect(classDivergence(half, half, 2)).toBeCloseTo(0, 12);
});
