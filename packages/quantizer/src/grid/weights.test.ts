import { Random } from '@datafree/core';
import type { Tensor } from '@datafree/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type QuantizedWeights, quantizeWeights } from './weights.ts';

function matrix(rows: number, columns: number, seed = 1): Tensor<'float32'> {
  return { dtype: 'float32', dims: [rows, columns], data: new Random(seed).normals(rows * columns, 0, 1) };
}

function squaredError(weights: Tensor<'float32'>, axis: number | undefined, q: QuantizedWeights): number {
  const columns = weights.dims[1] as number;
  return weights.data.reduce((sum, value, i) => {
    const channel = axis === undefined ? 0 : axis === 0 ? Math.floor(i / columns) : i % columns;
    const code = (q.codes[i] as number) - (q.zeroPoints[channel] as number);
    return sum + (value - code * (q.scales[channel] as number)) ** 2;
  }, 0);
}

describe('quantizeWeights', () => {
  it('uses the codes of its bits, and zero for zero', () => {
    const options = fc.record({
      bits: fc.integer({ min: 2, max: 8 }),
      symmetric: fc.boolean(),
      range: fc.constantFrom('minmax' as const, 'mse' as const),
    });
    fc.assert(
      fc.property(options, fc.constantFrom(0, 1, undefined), fc.integer({ min: 0, max: 99 }), (chosen, axis, seed) => {
        const weights = matrix(4, 6, seed);
        weights.data[5] = 0;
        const q = quantizeWeights(weights, axis, chosen, []);
        const half = 2 ** (chosen.bits - 1);
        expect(Math.max(...q.codes)).toBeLessThan(half);
        expect(Math.min(...q.codes)).toBeGreaterThanOrEqual(chosen.symmetric && chosen.bits === 8 ? -127 : -half);
        const channel = axis === 1 ? 5 : 0;
        expect(q.codes[5]).toBe(q.zeroPoints[channel]);
        if (chosen.symmetric) expect(q.zeroPoints.every((code) => code === 0)).toBe(true);
        expect(q.scales.length).toBe(axis === undefined ? 1 : weights.dims[axis]);
      }),
    );
  });

  it('rounds to the nearest code where nothing saturates', () => {
    const weights = matrix(8, 32);
    const q = quantizeWeights(weights, 0, { bits: 8, symmetric: true, range: 'minmax' }, []);
    weights.data.forEach((value, i) => {
      const scale = q.scales[Math.floor(i / 32)] as number;
      expect(Math.abs((q.codes[i] as number) * scale - value)).toBeLessThanOrEqual(scale * 0.50001);
    });
  });

  it('makes a smaller error the freer the grid is', () => {
    const weights = matrix(8, 64, 3);
    for (const bits of [2, 3, 4]) {
      const error = (symmetric: boolean, range: 'minmax' | 'mse'): number =>
        squaredError(weights, 0, quantizeWeights(weights, 0, { bits, symmetric, range }, []));
      expect(error(true, 'mse')).toBeLessThan(error(true, 'minmax'));
      expect(error(false, 'mse')).toBeLessThan(error(false, 'minmax'));
    }
    const error = (axis: number | undefined): number =>
      squaredError(weights, axis, quantizeWeights(weights, axis, { bits: 4, symmetric: true, range: 'mse' }, []));
    expect(error(0)).toBeLessThan(error(undefined));
  });

  it('takes channels along an inner axis', () => {
    const weights = { dtype: 'float32' as const, dims: [2, 2], data: Float32Array.of(1, 100, -1, 50) };
    const q = quantizeWeights(weights, 1, { bits: 8, symmetric: true, range: 'minmax' }, []);
    expect(Array.from(q.codes)).toEqual([127, 127, -127, 64]);
  });

  it('gives channels of zeros a positive scale and raises scales where it is told to', () => {
    const weights = { dtype: 'float32' as const, dims: [2, 2], data: Float32Array.of(0, 0, 1e-20, -1e-20) };
    const q = quantizeWeights(weights, 0, { bits: 8, symmetric: true, range: 'minmax' }, [0, 0.5]);
    expect(q.scales[0]).toBeGreaterThan(0);
    expect(q.scales[1]).toBe(0.5);
    expect(Array.from(q.codes)).toEqual([0, 0, 0, 0]);
  });
});
