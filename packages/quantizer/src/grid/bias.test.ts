import { describe, expect, it } from 'vitest';
import { quantizeBias, smallestWeightScales } from './bias.ts';

describe('quantizeBias', () => {
  it('has the float32 product of both scales as its scale', () => {
    const weightScales = Float32Array.of(0.1, 0.003);
    const { codes, scales } = quantizeBias([1, -2], 0.02, weightScales);
    expect(scales[0]).toBe(Math.fround(Math.fround(0.02) * Math.fround(0.1)));
    expect((codes[0] as number) * (scales[0] as number)).toBeCloseTo(1, 2);
    expect((codes[1] as number) * (scales[1] as number)).toBeCloseTo(-2, 3);
  });

  it('fits 32 bits with the scales that are asked for, and saturates without them', () => {
    const bias = [5, 1e-3];
    const enough = Float32Array.from(smallestWeightScales(bias, 0.01));
    const { codes, scales } = quantizeBias(bias, 0.01, enough);
    codes.forEach((code, i) => {
      expect(code * (scales[i] as number)).toBeCloseTo(bias[i] as number, 6);
    });
    expect(quantizeBias([5], 0.01, Float32Array.of(1e-12)).codes[0]).toBe(2 ** 30);
  });
});
