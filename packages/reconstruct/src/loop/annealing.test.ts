import { expect, it } from 'vitest';
import { parseReconstructOptions } from '../options.ts';
import { annealingAt } from './annealing.ts';

const options = parseReconstructOptions({ steps: 101, warmUp: 0.2 });

it('leaves roundings free during the warm-up', () => {
  expect(annealingAt(0, options)).toEqual({ regularisation: 0, exponent: 20 });
  expect(annealingAt(20, options).regularisation).toBe(0);
});

it('goes evenly from the first exponent to the last', () => {
  expect(annealingAt(21, options).regularisation).toBe(3);
  const exponents = [25, 60, 100].map((step) => annealingAt(step, options).exponent);
  expect(exponents[0]).toBeCloseTo(20 - (18 * 4.8) / 79.8, 6);
  expect(exponents[2]).toBe(2);
  expect(exponents[0]).toBeGreaterThan(exponents[1]!);
});
