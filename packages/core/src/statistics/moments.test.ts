import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChannelMoments } from './moments.ts';

describe('ChannelMoments', () => {
  it('equals the two-pass mean and variance, about any shift', () => {
    const piece = fc.array(fc.float({ min: -50, max: 50, noNaN: true }), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), fc.integer({ min: -9, max: 9 }), (pieces, shift) => {
        const moments = new ChannelMoments(2, [shift, shift]);
        for (const values of pieces) moments.add(Float32Array.from(values), 3);
        for (const c of [0, 1]) {
          const own = pieces.flatMap((values) => values.filter((_, i) => Math.floor(i / 3) % 2 === c));
          const mean = own.reduce((sum, x) => sum + x, 0) / own.length;
          const variance = own.reduce((sum, x) => sum + (x - mean) ** 2, 0) / own.length;
          expect(moments.mean()[c]).toBeCloseTo(mean, 5);
          expect(moments.variance()[c]).toBeCloseTo(variance, 4);
        }
        expect(moments.count).toBe(pieces.length * 6);
      }),
    );
  });
});
