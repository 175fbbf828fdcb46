import { Random } from '@datafree/core';
import { describe, expect, it } from 'vitest';
import { mixingMatrix } from './mix.ts';

describe('mixingMatrix', () => {
  it('mixes two samples a row, in parts that sum to 1 and spread as Beta(½, ½)', () => {
    const shares: number[] = [];
    for (let seed = 0; seed < 50; seed++) {
      const { data } = mixingMatrix(16, 0.5, new Random(seed));
      for (let i = 0; i < 16; i++) {
        const row = data.subarray(i * 16, (i + 1) * 16);
        expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6);
        expect(row.filter((value) => value > 0).length).toBeLessThanOrEqual(2);
        if (row[i]! < 1) shares.push(row[i]!);
      }
    }
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length;
    expect(mean).toBeCloseTo(0.5, 1);
    expect(variance).toBeCloseTo(0.125, 1);
  });
});
