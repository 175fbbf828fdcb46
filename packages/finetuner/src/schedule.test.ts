import { describe, expect, it } from 'vitest';
import { schedules } from './schedule.ts';

describe('schedules', () => {
  it('staggers: rises for 10 of 80 epochs, holds for 15, falls for 40, stays at a hundredth', () => {
    const rate = schedules.staggered(80);
    expect(rate(9, undefined)).toBe(1);
    expect(rate(4, undefined)).toBeCloseTo(0.5, 10);
    // The cosine of a fifth of π is (1 + √5) / 4.
    expect(rate(1, undefined)).toBeCloseTo(0.5 - (1 + Math.sqrt(5)) / 8, 10);
    expect(rate(24, undefined)).toBe(1);
    expect(rate(45, undefined)).toBeCloseTo(0.505, 10);
    expect(rate(65, undefined)).toBe(0.01);
    expect(rate(79, undefined)).toBe(0.01);
  });
});
