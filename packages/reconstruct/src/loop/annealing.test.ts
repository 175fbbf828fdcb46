import { expect, it } from 'vitest';
import { parseReconstructOptions } from '../options.ts';
import { annealingAt } from './annealing.ts';

const options = parseReconstructOptions({ steps: 101, warmUp: 0.2 });

it('leaves roundings free during the warm-up', () => {
  expect(annealingAt(0, options)).toEqual({ regularisation: 0, exponent: 20 });
  expect(annealingAt(20, options).regularisation).toBe(0);
});

it('goes evenly from the first exponent to the last', () => {
  const exponents = [25, 60, 100].map((step) => annealingAt(step, options).exponent);
  expect(exponents[0]).toBeCloseTo(20 - (18 * 4.8) / 79.8, 6);
  expect(exponents[2]).toBe(2);
  expect(exponents[0]).toBeGreaterThan(exponents[1]!);
});

it('grows evenly by factors, from its weight to as many times as much', () => {
  const weights = [21, 100].map((step) => annealingAt(step, { ...options, growth: 400 }).regularisation);
  expect(weights[0]).toBeCloseTo(3 * 400 ** (0.8 / 79.8), 6);
  expect(weights[1]).toBeCloseTo(1200, 6);
  expect(annealingAt(60.1, { ...options, growth: 400 }).regularisation).toBeCloseTo(60, 0);
  expect(annealingAt(60, { ...options, growth: 1 }).regularisation).toBe(3);
});
