import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jackknife } from './jackknife.ts';

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const biasedVariance = (values: readonly number[]): number => mean(values.map((x) => (x - mean(values)) ** 2));

function overGroups(groups: readonly (readonly number[])[], statistic: (values: readonly number[]) => number) {
  const without = groups.map((_, j) => statistic(groups.filter((_, i) => i !== j).flat()));
  return jackknife(
    statistic(groups.flat()),
    without,
    groups.map((group) => group.length),
  );
}

const value = fc.double({ min: -10, max: 10, noNaN: true });

describe('jackknife', () => {
  it('leaves a mean as it is, for groups of any sizes', () => {
    const groups = fc.array(fc.array(value, { minLength: 1, maxLength: 5 }), { minLength: 2, maxLength: 9 });
    fc.assert(
      fc.property(groups, (given) => {
        expect(overGroups(given, mean).value).toBeCloseTo(mean(given.flat()), 8);
      }),
    );
  });

  it('gives a mean its standard error, times Student’s quantile', () => {
    // 97.5 % quantiles from a table
    for (const [count, quantile, digits] of [
      [4, 3.182, 1],
      [10, 2.262, 2],
      [32, 2.0395, 3],
      [121, 1.9799, 3],
    ] as const) {
      const values = Array.from({ length: count }, (_, i) => Math.sin(i * i));
      const standardError = Math.sqrt((biasedVariance(values) * count) / (count - 1) / count);
      expect(
        overGroups(
          values.map((x) => [x]),
          mean,
        ).spread / standardError,
      ).toBeCloseTo(quantile, digits);
    }
  });

  it('turns the biased variance into the unbiased one', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 3, maxLength: 12 }), (values) => {
        const estimate = overGroups(
          values.map((x) => [x]),
          biasedVariance,
        );
        expect(estimate.value).toBeCloseTo((biasedVariance(values) * values.length) / (values.length - 1), 8);
      }),
    );
  });
});
