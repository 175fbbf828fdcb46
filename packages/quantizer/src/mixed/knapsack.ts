import { greatestCommonDivisor } from '@datafree/core';

/** One thing to choose for an item. */
export interface Choice {
  /** A whole number from 0. */
  readonly cost: number;
  readonly loss: number;
}

/** A choice for every item. */
export interface Selection {
  readonly cost: number;
  readonly loss: number;
  /** Index of the choice of each item. */
  readonly chosen: readonly number[];
}

/** Units that costs are counted in at most. */
const mostUnits = 2 ** 17;

/**
 * The multiple-choice knapsack problem by dynamic programming: one choice an item, so that the losses add up to the
 * least at a cost within a limit. What counts is by how much a choice costs more than the cheapest of its item. Exact
 * where the sum of these is no more than 2^17 times what all are multiples of; beyond that each is rounded up to a
 * 2^17th of it, so that a limit is always kept.
 *
 * @returns gives the best selection for a limit; undefined where even the cheapest costs more
 */
export function knapsack(items: readonly (readonly Choice[])[]): (limit: number) => Selection | undefined {
  const cheapest = items.map((choices) => Math.min(...choices.map(({ cost }) => cost)));
  const base = cheapest.reduce((sum, cost) => sum + cost, 0);
  const extras = items.map((choices, i) => choices.map(({ cost }) => cost - (cheapest[i] as number)));
  const largest = extras.reduce((sum, own) => sum + Math.max(...own), 0);
  const common = extras.flat().reduce((one, other) => greatestCommonDivisor(one, other), 0) || 1;
  const unit = largest / common <= mostUnits ? common : Math.ceil(largest / mostUnits);
  const units = extras.map((own) => own.map((extra) => Math.ceil(extra / unit)));
  const size = units.reduce((sum, own) => sum + Math.max(...own), 0) + 1;

  // least[c]: the least loss of the items so far at exactly c units more than the cheapest.
  let least = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
  least[0] = 0;
  const taken = items.map((choices, i) => {
    const next = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
    const indices = new Uint8Array(size);
    choices.forEach(({ loss }, index) => {
      const own = units[i]?.[index] as number;
      for (let c = own; c < size; c++) {
        const sum = (least[c - own] as number) + loss;
        if (sum >= (next[c] as number)) continue;
        next[c] = sum;
        indices[c] = index;
      }
    });
    least = next;
    return indices;
  });

  return (limit) => {
    let best = -1;
    const last = Math.min(size - 1, Math.floor((limit - base) / unit + 1e-9));
    for (let c = 0; c <= last; c++) {
      if ((least[c] as number) < (least[best] ?? Number.POSITIVE_INFINITY)) best = c;
    }
    if (best < 0) return undefined;
    const chosen: number[] = [];
    for (let i = items.length - 1, c = best; i >= 0; i--) {
      const index = (taken[i] as Uint8Array)[c] as number;
      chosen[i] = index;
      c -= units[i]?.[index] as number;
    }
    const cost = chosen.reduce((sum, index, i) => sum + (items[i]?.[index]?.cost as number), 0);
    return { cost, loss: least[best] as number, chosen };
  };
}
