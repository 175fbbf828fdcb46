import { describe, expect, it } from 'vitest';
import { constantRate, cosineRate, plateauRate, type Schedule, Stagnation, stepRate } from './schedule.ts';

const rates = (schedule: Schedule, iterations: number, losses: readonly number[] = []) => {
  const rule = schedule(iterations);
  return Array.from({ length: iterations }, (_, i) => rule(i, losses[i - 1]));
};

describe('schedules', () => {
  it('stay constant', () => {
    expect(rates(constantRate, 3)).toEqual([1, 1, 1]);
  });

  it('fall in steps', () => {
    expect(rates(stepRate([1, 3], 0.5), 5)).toEqual([1, 0.5, 0.5, 0.25, 0.25]);
  });

  it('fall along a cosine after a linear rise', () => {
    const [first, second, third, middle, last] = rates(cosineRate({ warmUp: 0.4, end: 0.1 }), 5);
    expect(first).toBeCloseTo(1 / 3);
    expect(second).toBeCloseTo(2 / 3);
    expect(third).toBe(1);
    expect(middle).toBeCloseTo(0.55);
    expect(last).toBeCloseTo(0.1);
  });

  it('fall when the loss stagnates', () => {
    expect(rates(plateauRate({ patience: 1, factor: 0.5, end: 0.2 }), 9, [9, 8, 8, 8, 8, 8, 8, 1])).toEqual([
      1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25,
    ]);
  });
});

describe('Stagnation', () => {
  it('counts the values that are not clearly lower', () => {
    const counter = new Stagnation(0.1);
    expect([10, 9.5, 8, 7.9, 2, 2].map((value) => counter.observe(value))).toEqual([0, 1, 0, 1, 0, 1]);
  });
});
