import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { affineGrid, decode, encode, highestCode } from './affine.ts';

const finite = fc.double({ min: -1e4, max: 1e4, noNaN: true });
const bits = fc.integer({ min: 2, max: 8 });

describe('affineGrid', () => {
  it('keeps zero exact and every value of the range within a step', () => {
    fc.assert(
      fc.property(finite, finite, bits, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, n, share) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const grid = affineGrid({ low, high }, n);
        expect(decode(grid, encode(grid, 0))).toBe(0);
        const value = low + share * (high - low);
        const error = Math.abs(decode(grid, encode(grid, value)) - value);
        expect(error).toBeLessThanOrEqual(grid.scale * 1.0001);
        expect(encode(grid, value)).toBeGreaterThanOrEqual(0);
        expect(encode(grid, value)).toBeLessThanOrEqual(highestCode(grid));
      }),
    );
  });

  it('starts at code 0 for values without a negative part, so that saturation does the work of Relu', () => {
    const grid = affineGrid({ low: 0, high: 6 }, 8);
    expect(grid.zeroPoint).toBe(0);
    expect(encode(grid, -3)).toBe(0);
    expect(encode(grid, 6)).toBe(255);
    expect(encode(grid, 99)).toBe(255);
  });

  it('gives a usable grid for a range of no extent', () => {
    for (const range of [
      { low: 0, high: 0 },
      { low: 1e-40, high: 1e-40 },
    ]) {
      expect(affineGrid(range, 8)).toEqual({ bits: 8, scale: Math.fround(1 / 255), zeroPoint: 0 });
    }
  });

  it('rounds halves to the even code', () => {
    const grid = { bits: 8, scale: 1, zeroPoint: 0 };
    expect([0.5, 1.5, 2.5].map((value) => encode(grid, value))).toEqual([0, 2, 2]);
  });
});
