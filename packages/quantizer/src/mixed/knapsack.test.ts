import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Choice, knapsack } from './knapsack.ts';

const items = fc.array(
  fc.array(fc.record({ cost: fc.nat(40), loss: fc.double({ min: 0, max: 1, noNaN: true }) }), {
    minLength: 1,
    maxLength: 4,
  }),
  { minLength: 1, maxLength: 5 },
);

/** The least loss within a limit, by trying every selection. */
function leastLoss(all: readonly (readonly Choice[])[], limit: number): number {
  const [first, ...rest] = all;
  if (first === undefined) return limit >= 0 ? 0 : Number.POSITIVE_INFINITY;
  return Math.min(...first.map(({ cost, loss }) => loss + leastLoss(rest, limit - cost)));
}

describe('knapsack', () => {
  it('finds what trying everything finds', () => {
    fc.assert(
      fc.property(items, fc.nat(200), (all, limit) => {
        const found = knapsack(all)(limit);
        const least = leastLoss(all, limit);
        if (found === undefined) {
          expect(least).toBe(Number.POSITIVE_INFINITY);
          return;
        }
        expect(found.loss).toBeCloseTo(least, 9);
        expect(found.cost).toBeLessThanOrEqual(limit);
        const chosen = all.map((choices, i) => choices[found.chosen[i]!]!);
        expect(chosen.reduce((sum, { cost }) => sum + cost, 0)).toBe(found.cost);
        expect(chosen.reduce((sum, { loss }) => sum + loss, 0)).toBeCloseTo(found.loss, 9);
      }),
    );
  });

  it('keeps limits of costs too large to count', () => {
    const all = Array.from({ length: 30 }, (_, i) =>
      [2, 4, 8].map((bits) => ({ cost: bits * (1_000_003 + 7919 * i * i), loss: (i + 1) * 4 ** -bits })),
    );
    const [low, high] = [2, 8].map((bits) => all.reduce((sum, own) => sum + own[[2, 4, 8].indexOf(bits)]!.cost, 0));
    const select = knapsack(all);
    let before = Number.POSITIVE_INFINITY;
    for (let part = 1; part <= 10; part++) {
      const limit = low! + ((high! - low!) * part) / 10;
      const { cost, loss } = select(limit)!;
      expect(cost).toBeLessThanOrEqual(limit);
      expect(loss).toBeLessThanOrEqual(before);
      before = loss;
    }
    expect(select(high! * 1.01)!.chosen).toEqual(all.map(() => 2));
    expect(select(low!)!.chosen).toEqual(all.map(() => 0));
    expect(select(low! - 1)).toBeUndefined();
  });
});
