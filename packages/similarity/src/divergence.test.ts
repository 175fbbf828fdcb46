import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gaussianDivergence } from './divergence.ts';

const positive = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
const shift = fc.double({ min: -100, max: 100, noNaN: true });

describe('gaussianDivergence', () => {
  it('is the integral of p ln(p / q)', () => {
    for (const [m, v, r] of [
      [0, 1, 4],
      [1.5, 0.3, 2],
      [-2, 5, 0.7],
    ] as const) {
      const density = (x: number, mean: number, variance: number): number =>
        Math.exp(-((x - mean) ** 2) / (2 * variance)) / Math.sqrt(2 * Math.PI * variance);
      const step = 1e-3;
      let integral = 0;
      for (let x = m - 8 * Math.sqrt(v); x < m + 8 * Math.sqrt(v); x += step) {
        integral += step * density(x, m, v) * Math.log(density(x, m, v) / density(x, 0, r));
      }
      expect(gaussianDivergence(m, v, r)).toBeCloseTo(integral, 6);
    }
  });

  it('is zero for equal distributions and positive otherwise, whatever the units', () => {
    fc.assert(
      fc.property(shift, positive, positive, fc.double({ min: 0.1, max: 1e3, noNaN: true }), (m, v, r, unit) => {
        const divergence = gaussianDivergence(m, v, r);
        expect(gaussianDivergence(0, v, v)).toBe(0);
        expect(divergence).toBeGreaterThanOrEqual(0);
        const scaled = gaussianDivergence(m * unit, v * unit ** 2, r * unit ** 2);
        expect(Math.abs(scaled - divergence)).toBeLessThanOrEqual(1e-9 * (1 + divergence));
      }),
    );
  });

  it('stays finite for channels that never vary', () => {
    expect(gaussianDivergence(0, 0, 1)).toBeCloseTo(0.5 * (Math.log(1e8) - 1), 6);
    expect(gaussianDivergence(0, 0, 1e-12)).toBe(0);
    // Rounding can make a variance slightly negative.
    expect(gaussianDivergence(0, -1e-12, 1e-8)).toBe(0);
  });
});
