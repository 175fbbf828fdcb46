import { Random, tensorOf } from '@datafree/core';
import { describe, expect, it } from 'vitest';
import { centralDifferences, valueAndGradient } from '../testing/derivative.ts';
import { network } from '../testing/network.ts';
import { termOf } from '../testing/scope.ts';
import { smoothness } from './smoothness.ts';
import { totalVariation } from './variation.ts';

const model = network();
const value = (term: ReturnType<typeof smoothness>, dims: readonly number[], values: ArrayLike<number>) =>
  valueAndGradient(tensorOf('float32', dims, values), termOf({ ...term, reads: () => [] }, model)).value;

describe('smoothness', () => {
  it('is 0 for a ramp and the expected part for white noise', () => {
    const ramp = Float64Array.from({ length: 64 }, (_, i) => (i % 8) + 2 * Math.floor(i / 8));
    expect(value(smoothness(), [1, 1, 8, 8], ramp)).toBeCloseTo(0, 6);
    // For independent values of variance 1: Σ kernel².
    const line = [-2, -1, 0, 1, 2].map((d) => Math.exp((-d * d) / 2));
    const sum = line.reduce((total, weight) => total + weight, 0);
    let energy = 0;
    line.forEach((a, i) => {
      line.forEach((c, j) => {
        energy += ((i === 2 && j === 2 ? 1 : 0) - (a * c) / sum ** 2) ** 2;
      });
    });
    const noise = new Random(1).normals(4 * 64 * 64);
    expect(value(smoothness(), [2, 2, 64, 64], noise) / energy).toBeCloseTo(1, 1);
  });

  it('shrinks its kernel to the input and is 0 without spatial axes', () => {
    expect(value(smoothness(), [1, 1, 2, 40], new Random(1).normals(80))).toBeGreaterThan(0);
    expect(value(smoothness(), [4, 3], new Random(1).normals(12))).toBe(0);
  });
});

describe('totalVariation', () => {
  it('is the mean absolute difference of neighbours along each axis', () => {
    expect(value(totalVariation(), [1, 1, 2, 3], [0, 1, 3, 0, 1, 3])).toBeCloseTo((1 + 2) / 2, 6);
    expect(value(totalVariation(), [1, 1, 2, 3], [0, 0, 0, 5, 5, 5])).toBeCloseTo(5, 6);
    expect(value(totalVariation(), [2, 1, 4], [1, 2, 4, 8, 0, 0, 0, 0])).toBeCloseTo(7 / 6, 6);
    expect(value(totalVariation(), [4, 3], new Random(1).normals(12))).toBe(0);
  });
});

describe('both priors', () => {
  for (const term of [smoothness(), totalVariation()]) {
    it(`differentiate (${term.name})`, () => {
      const x = tensorOf('float32', [2, 2, 7, 6], new Random(5).normals(2 * 2 * 42));
      const write = termOf({ ...term, reads: () => [] }, model);
      const { gradient } = valueAndGradient(x, write);
      const elements = [0, 40, 80, 167];
      centralDifferences(x, write, elements).forEach((slope, i) => {
        expect(gradient[elements[i]!]).toBeCloseTo(slope, 6);
      });
    });
  }
});
