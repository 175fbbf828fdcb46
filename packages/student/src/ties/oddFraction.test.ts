import { Random } from '@datafree/core';
import { describe, expect, it } from 'vitest';
import { oddFraction } from './oddFraction.ts';

/** The smallest denominator by which a number is whole. */
function denominator(value: number, most: number): number | undefined {
  for (let q = 1; q <= most; q++) if (Math.abs(value * q - Math.round(value * q)) < 1e-9) return q;
  return undefined;
}

describe('a fraction with an odd denominator', () => {
  it.each([7, 101, 1028])('is near its number, with denominators up to %i', (largest) => {
    const random = new Random(largest);
    for (let i = 0; i < 300; i++) {
      const value = Math.exp(8 * random.uniform() - 6);
      const fraction = oddFraction(value, largest);
      expect(Math.abs(fraction / value - 1)).toBeLessThanOrEqual(2 / largest);
      expect((denominator(fraction, 2 * Math.max(largest, 1 / value)) ?? 0) % 2).toBe(1);
    }
  });

  it('gives what is one already, and the nearest of what is not', () => {
    expect(oddFraction(3 / 7, 9)).toBe(3 / 7);
    expect(oddFraction(2, 9)).toBe(2);
    expect([oddFraction(0.5, 5), oddFraction(0.5, 101)]).toEqual([2 / 5, 50 / 101]);
    expect(oddFraction(1e-6, 100)).toBe(1 / 1000001);
  });
});
