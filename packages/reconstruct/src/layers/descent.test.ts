import { Random } from '@datafree/core';
import { describe, expect, it } from 'vitest';
import { descendGrid } from './descendGrid.ts';
import { descendCodes } from './descent.ts';

const [low, high, size, terms] = [-2, 1, 0.7, 5];

/** Correlated factors, and a sum of them that is wanted. */
function problem(seed: number) {
  const random = new Random(seed);
  const root = random.normals(terms * terms);
  const moments = new Float64Array(terms * terms);
  for (let i = 0; i < terms; i++) {
    for (let j = 0; j < terms; j++) {
      for (let k = 0; k < terms; k++) moments[i * terms + j]! += root[i * terms + k]! * root[j * terms + k]!;
    }
  }
  const weights = random.normals(terms, 0, 0.8);
  const wanted = Float64Array.from({ length: terms }, (_, i) =>
    weights.reduce((sum, weight, j) => sum + moments[i * terms + j]! * weight, 0),
  );
  const error = (codes: ArrayLike<number>, step = size) => {
    let sum = 0;
    for (let i = 0; i < terms; i++) {
      for (let j = 0; j < terms; j++) {
        sum += (step * codes[i]! - weights[i]!) * moments[i * terms + j]! * (step * codes[j]! - weights[j]!);
      }
    }
    return sum;
  };
  const nearest = Float64Array.from(weights, (weight) => Math.min(high, Math.max(low, Math.round(weight / size))));
  return { moments, wanted, error, nearest, weights };
}

describe('descent on codes', () => {
  it('ends where no other code of one term is better, and never above where it began', () => {
    let better = 0;
    for (let seed = 0; seed < 40; seed++) {
      const { moments, wanted, error, nearest } = problem(seed);
      const codes = Float64Array.from(nearest);
      descendCodes({ codes, low, high, size, moments, wanted });
      expect(error(codes)).toBeLessThanOrEqual(error(nearest) + 1e-9);
      if (error(codes) < 0.9 * error(nearest)) better++;
      codes.forEach((code, i) => {
        for (let other = low; other <= high; other++) {
          const changed = codes.with(i, other);
          expect(error(changed)).toBeGreaterThanOrEqual(error(codes) - 1e-9);
        }
        expect(code).toBeGreaterThanOrEqual(low);
        expect(code).toBeLessThanOrEqual(high);
      });
    }
    expect(better).toBeGreaterThan(10);
  });

  it('leaves the code of a factor that is always zero', () => {
    const codes = Float64Array.of(1, -2);
    descendCodes({ codes, low, high, size, moments: Float64Array.of(0, 0, 0, 1), wanted: Float64Array.of(0, 0.7) });
    expect([...codes]).toEqual([1, 1]);
  });
});

describe('descent on codes and their step', () => {
  it('ends below descent on codes alone, at the best step for its codes', () => {
    let better = 0;
    for (let seed = 0; seed < 40; seed++) {
      const { moments, wanted, error, nearest, weights } = problem(seed);
      const sum = { low, high, size, moments, wanted };
      const alone = descendCodes({ ...sum, codes: Float64Array.from(nearest) });
      const found = descendGrid({ ...sum, codes: nearest }, Float64Array.from(weights));
      const reached = error(found.codes, found.size);
      expect(reached).toBeLessThanOrEqual(error(alone.codes) + 1e-9);
      if (reached < 0.9 * error(alone.codes)) better++;
      for (const part of [0.99, 1.01]) expect(error(found.codes, part * found.size)).toBeGreaterThanOrEqual(reached);
      expect(Math.min(...found.codes)).toBeGreaterThanOrEqual(low);
      expect(Math.max(...found.codes)).toBeLessThanOrEqual(high);
    }
    expect(better).toBeGreaterThan(20);
  });

  it('leaves a sum whose factors are always zero', () => {
    const moments = new Float64Array(4);
    const first = { codes: Float64Array.of(1, -2), low, high, size, moments, wanted: new Float64Array(2) };
    expect(descendGrid(first, Float64Array.of(0.5, -1))).toBe(first);
  });
});
