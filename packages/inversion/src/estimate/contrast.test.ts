import { Random } from '@datafree/core';
import { describe, expect, it } from 'vitest';
import { contrasts } from './contrast.ts';

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value / values.length, 0);

describe('contrasts', () => {
  it('spreads as asked for and leaves the variance of all samples as it is', () => {
    const factors = contrasts(20_000, 0.4, new Random(1));
    const logs = factors.map(Math.log);
    const middle = mean(logs);
    const spread = Math.sqrt(mean(logs.map((value) => (value - middle) ** 2)));
    expect(Math.abs(spread - 0.4)).toBeLessThan(0.01);
    expect(Math.abs(mean(factors.map((factor) => factor ** 2)) - 1)).toBeLessThan(0.03);
  });
});
