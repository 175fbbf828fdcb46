/** One output of a layer: weights on a grid, what they are multiplied with, and what is wanted. */
export interface RoundedSum {
  /** Codes counted from the zero point, one a term; changed in place. */
  readonly codes: Float64Array;
  /** Smallest and largest code, counted from the zero point. */
  readonly low: number;
  readonly high: number;
  /** Step size. */
  readonly size: number;
  /** `terms × terms`, symmetric: second moments of the factors. */
  readonly moments: Float64Array;
  /** Second moments of the factors with what is wanted. */
  readonly wanted: Float64Array;
}

/** Rounds over all terms; it mostly ends before. */
const sweeps = 50;

/**
 * Moves codes, one at a time, to where the expected squared distance of the sum `size · Σ code · factor` from what is
 * wanted is least: `wᵀ H w − 2 wᵀ c`, of which the best code of a term, the others as they are, is
 * `code + (c − H w) / (size · H_ii)`, rounded (coordinate descent on the objective of Nagel et al. 2020, "Up or Down?",
 * equation 10, with the inputs of the quantised network as in Frantar et al. 2022). It ends where no single change helps.
 *
 * @returns the sum with its codes moved
 */
export function descendCodes(sum: RoundedSum): RoundedSum {
  const { codes, low, high, size, moments, wanted } = sum;
  const terms = codes.length;
  const left = Float64Array.from(wanted);
  for (let i = 0; i < terms; i++) subtractColumn(left, moments, i, size * (codes[i] as number));
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let moved = false;
    for (let i = 0; i < terms; i++) {
      const curvature = moments[i * terms + i] as number;
      if (!(curvature > 0)) continue;
      const code = codes[i] as number;
      const best = Math.min(high, Math.max(low, Math.round(code + (left[i] as number) / (size * curvature))));
      if (best === code) continue;
      codes[i] = best;
      subtractColumn(left, moments, i, size * (best - code));
      moved = true;
    }
    if (!moved) break;
  }
  return sum;
}

function subtractColumn(from: Float64Array, moments: Float64Array, column: number, factor: number): void {
  const row = column * from.length;
  for (let j = 0; j < from.length; j++) from[j] = (from[j] as number) - factor * (moments[row + j] as number);
}
