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
 * least at a cost within a limit. Exact where the largest cost is no more than 2^17 times what all costs are multiples
 * of; beyond that each cost is rounded up to a 2^17th of it, so that a limit is always kept.
 *
 * @returns gives the best selection for a limit; undefined where even the cheapest costs more
 */
export function knapsack(items: readonly (readonly Choice[])[]): (limit: number) => Selection | undefined {
  const largest = items.reduce((sum, choices) => sum + Math.max(...choices.map(({ cost }) => cost)), 0);
  const common = items.flat().reduce((divisor, { cost }) => greatestCommonDivisor(divisor, cost), 0) || 1;
  const unit = largest / common <= mostUnits ? common : Math.ceil(largest / mostUnits);
  const units = (cost: number): number => Math.ceil(cost / unit);
  const size = items.reduce((sum, choices) => sum + Math.max(...choices.map(({ cost }) => units(cost))), 0) + 1;

  // least[c]: the least loss of the items so far at a cost of exactly c units.
  let least = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
  least[0] = 0;
  const chosen = items.map((choices) => {
    const next = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
    const taken = new Uint8Array(size);
    choices.forEach(({ cost, loss }, index) => {
      const own = units(cost);
      for (let c = own; c < size; c++) {
        const sum = (least[c - own] as number) + loss;
        if (sum >= (next[c] as number)) continue;
        next[c] = sum;
        taken[c] = index;
      }
    });
    least = next;
    return taken;
  });

  return (limit) => {
    let best = -1;
    for (let c = 0; c < size && c <= Math.floor(limit / unit + 1e-9); c++) {
      if ((least[c] as number) < (best < 0 ? Number.POSITIVE_INFINITY : (least[best] as number))) best = c;
    }
    if (best < 0) return undefined;
    const indices: number[] = [];
    for (let i = items.length - 1, c = best; i >= 0; i--) {
      const index = (chosen[i] as Uint8Array)[c] as number;
      indices[i] = index;
      c -= units((items[i] as readonly Choice[])[index]?.cost as number);
    }
    const cost = indices.reduce((sum, index, i) => sum + ((items[i] as readonly Choice[])[index]?.cost as number), 0);
    return { cost, loss: least[best] as number, chosen: indices };
  };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
