import { describe, expect, it } from 'vitest';
import { Random } from './random.ts';

describe('Random', () => {
  it('repeats itself for one seed and differs for another', () => {
    const draw = (seed: number) => new Random(seed).normals(9);
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it('forks independently of what was drawn', () => {
    const fresh = new Random(3);
    const used = new Random(3);
    used.uniforms(100);
    expect(used.fork('images', 2).uniforms(5)).toEqual(fresh.fork('images', 2).uniforms(5));
    expect(fresh.fork('images', 2).uniforms(5)).not.toEqual(fresh.fork('images', 3).uniforms(5));
    expect(fresh.fork('a').seed).not.toBe(fresh.fork('b').seed);
  });

  it('draws normals of the wanted mean and deviation', () => {
    const values = new Random(1).normals(100_000, 2, 3);
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
    expect(mean).toBeCloseTo(2, 1);
    expect(Math.sqrt(variance)).toBeCloseTo(3, 1);
  });

  it('permutes: every index once', () => {
    expect([...new Random(5).permutation(50)].sort((a, b) => a - b)).toEqual([...Array(50).keys()]);
    expect([...new Random(5).permutation(50)]).not.toEqual([...Array(50).keys()]);
  });

  it('keeps within bounds', () => {
    const random = new Random(0);
    for (let i = 0; i < 1000; i++) {
      expect(random.integer(3)).toBeLessThan(3);
      expect(random.uniform(-1, 1)).toBeGreaterThanOrEqual(-1);
    }
  });
});
