import fc from 'fast-check';
import { expect, it } from 'vitest';
import { roundHalfEven } from './rounding.ts';

it('rounds to the nearest whole number, a half to the even one', () => {
  expect([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4999, 1e15 + 0.5].map(roundHalfEven)).toEqual([
    0, 2, 2, -0, -2, -2, 2, 1e15,
  ]);
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), (x) => {
      const rounded = roundHalfEven(x);
      expect(Number.isInteger(rounded)).toBe(true);
      expect(Math.abs(rounded - x)).toBeLessThanOrEqual(0.5);
      if (Math.abs(rounded - x) === 0.5) expect(Math.abs(rounded % 2)).toBe(0);
    }),
  );
});
