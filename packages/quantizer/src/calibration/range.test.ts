import { Random } from '@datafree/core';
import { isDatafreeError } from '@datafree/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { affineGrid, decode, encode, type Range } from '../grid/affine.ts';
import { activationRange, calibrationMethods } from './range.ts';
import { ActivationStatistics } from './statistics.ts';

function statisticsOf(values: Float32Array, samples = 1): ActivationStatistics {
  const statistics = new ActivationStatistics();
  statistics.add('t', values, samples);
  return statistics;
}

/** What ReLU leaves of normal values, with a few that are far out. */
function rectified(count: number): Float32Array {
  const values = new Random(5).normals(count, 0, 1).map((value) => Math.max(0, value));
  values[10] = 25;
  return values;
}

function squaredError(values: Float32Array, range: Range, bits: number): number {
  const grid = affineGrid(range, bits);
  return values.reduce((sum, value) => sum + (value - decode(grid, encode(grid, value))) ** 2, 0);
}

describe('ranges', () => {
  it('of minmax keep everything', () => {
    expect(activationRange(statisticsOf(Float32Array.of(-2, 0, 7)), 'minmax', 8, 99)).toEqual({ low: -2, high: 7 });
  });

  it('of average are means over samples, whatever the batches', () => {
    const values = new Random(1).normals(60, 0, 1);
    const whole = statisticsOf(values, 6);
    const parts = new ActivationStatistics();
    parts.add('t', values.subarray(0, 40), 4);
    parts.add('t', values.subarray(40), 2);
    const highs = Array.from({ length: 6 }, (_, i) => Math.max(...values.subarray(i * 10, i * 10 + 10)));
    const { high } = activationRange(whole, 'average', 8, 99);
    expect(high).toBeCloseTo(highs.reduce((sum, value) => sum + value, 0) / 6, 6);
    expect(activationRange(parts, 'average', 8, 99).high).toBeCloseTo(high, 12);
  });

  it('of percentile leave the share out that is asked for', () => {
    const values = Float32Array.from({ length: 10_000 }, (_, i) => i + 1);
    const { low, high } = activationRange(statisticsOf(values), 'percentile', 8, 99);
    expect(Math.abs(high - 9900)).toBeLessThan(10);
    expect(Math.abs(low - 100)).toBeLessThan(10);
  });

  it('of mse have a smaller error than those of any other method', () => {
    const values = rectified(20_000);
    const statistics = statisticsOf(values);
    for (const bits of [3, 4, 6]) {
      const best = squaredError(values, activationRange(statistics, 'mse', bits, 99.9), bits);
      for (const method of calibrationMethods) {
        const other = squaredError(values, activationRange(statistics, method, bits, 99.9), bits);
        expect(best).toBeLessThanOrEqual(other * 1.02);
      }
    }
  });

  it('of mse move both ends of signed values', () => {
    const values = new Random(2).normals(20_000, 0, 1);
    values[0] = -40;
    values[1] = 30;
    const { low, high } = activationRange(statisticsOf(values), 'mse', 4, 99);
    expect(low).toBeGreaterThan(-5);
    expect(high).toBeLessThan(5);
  });

  it('of entropy cut a far tail and keep an even distribution whole', () => {
    const far = activationRange(statisticsOf(rectified(50_000)), 'entropy', 8, 99);
    expect(far.high).toBeLessThan(10);
    const even = activationRange(statisticsOf(new Random(3).uniforms(50_000, 0, 1)), 'entropy', 4, 99);
    expect(even.high).toBeGreaterThan(0.95);
  });

  it('are finite and contain what they must for constant and zero activations', () => {
    for (const value of [0, 3, -2]) {
      const statistics = statisticsOf(new Float32Array(64).fill(value));
      for (const method of calibrationMethods) {
        for (const bits of [2, 4, 8]) {
          const grid = affineGrid(activationRange(statistics, method, bits, 99.99), bits);
          expect(Math.abs(decode(grid, encode(grid, value)) - value)).toBeLessThanOrEqual(Math.abs(value) * 0.02);
        }
      }
    }
  });

  it('grow with the values', () => {
    fc.assert(
      fc.property(fc.constantFrom(...calibrationMethods), fc.integer({ min: -8, max: 8 }), (method, exponent) => {
        const values = rectified(500);
        const factor = 2 ** exponent;
        const one = activationRange(statisticsOf(values), method, 4, 99);
        const other = activationRange(statisticsOf(values.map((value) => value * factor)), method, 4, 99);
        expect(other.high / factor).toBeCloseTo(one.high, 4);
      }),
      { numRuns: 12 },
    );
  });
});

describe('ActivationStatistics', () => {
  it('names the tensor that is not finite', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const attempt = (): ActivationStatistics => statisticsOf(Float32Array.of(1, bad));
      expect(attempt).toThrowError(/"t"/);
      try {
        attempt();
      } catch (error) {
        expect(isDatafreeError(error) && error.code).toBe('not-finite');
      }
    }
  });
});
