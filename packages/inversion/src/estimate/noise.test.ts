import { Random } from '@datafree/core';
import { describe, expect, it } from 'vitest';
import { addNoise } from './noise.ts';

const field = (grain: number, shared: boolean, shape: readonly number[] = [2, 24, 24], samples = 60) => {
  const values = new Float32Array(samples * shape.reduce((product, size) => product * size, 1));
  addNoise(values, shape, { grain, shared, variance: 4 }, new Random(2));
  return values;
};
const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
const variance = (values: Float32Array) => mean(values.map((value) => value ** 2)) - mean(values) ** 2;
/** Correlation of neighbours along the last axis. */
const neighbours = (values: Float32Array) =>
  mean(values.subarray(1).map((value, i) => value * values[i]!)) / variance(values);

describe('addNoise', () => {
  it('has the variance asked for at every grain', () => {
    for (const grain of [1, 2, 4, Number.POSITIVE_INFINITY]) {
      expect(variance(field(grain, false)) / 4).toBeGreaterThan(0.75);
      expect(variance(field(grain, false)) / 4).toBeLessThan(1.25);
    }
  });

  it('is smoother the coarser it is', () => {
    const correlations = [1, 2, 4, 8].map((grain) => neighbours(field(grain, true)));
    expect(Math.abs(correlations[0]!)).toBeLessThan(0.05);
    expect(correlations[1]!).toBeGreaterThan(0.4);
    expect(correlations[2]!).toBeGreaterThan(correlations[1]!);
    expect(correlations[3]!).toBeGreaterThan(correlations[2]!);
  });

  it('is the same in all channels where shared', () => {
    const grey = field(4, true, [2, 5, 5], 1);
    expect([...grey.subarray(0, 25)]).toEqual([...grey.subarray(25)]);
    const coloured = field(4, false, [2, 5, 5], 1);
    expect([...coloured.subarray(0, 25)]).not.toEqual([...coloured.subarray(25)]);
  });
});
