import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram } from './histogram.ts';

const values = fc.array(fc.float({ min: -1000, max: 1000, noNaN: true }), { minLength: 1, maxLength: 200 });

describe('Histogram', () => {
  it('counts every value once, whatever the chunks and their order', () => {
    fc.assert(
      fc.property(values, fc.nat(200), (all, cut) => {
        const forwards = new Histogram(64);
        forwards.add(Float32Array.from(all.slice(0, cut)));
        forwards.add(Float32Array.from(all.slice(cut)));
        const backwards = new Histogram(64);
        for (const value of [...all].reverse()) backwards.add(Float32Array.of(value));
        expect(forwards.total).toBe(all.length);
        expect(forwards.counts.length).toBeLessThanOrEqual(64);
        expect(forwards.width).toBeGreaterThanOrEqual(0);
        expect(backwards.total).toBe(all.length);
      }),
    );
  });

  it('gives quantiles within a bin of the exact ones', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (all, q) => {
        const histogram = new Histogram(256);
        histogram.add(Float32Array.from(all));
        const sorted = Float32Array.from(all).sort();
        const exact = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] as number;
        expect(Math.abs(histogram.quantile(q) - exact)).toBeLessThanOrEqual(histogram.width * 1.001 + 1e-6);
      }),
    );
  });

  it('keeps zeros apart', () => {
    const histogram = new Histogram();
    histogram.add(Float32Array.of(0, 0, 0, 4));
    expect(histogram.zeros).toBe(3);
    expect(histogram.quantile(0.5)).toBe(0);
    expect(histogram.quantile(1)).toBeCloseTo(4, 2);
  });
});
