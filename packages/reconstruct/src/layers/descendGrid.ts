import { descendCodes, type RoundedSum } from './descent.ts';

/** Parts of the first step size that the search for the best begins at. */
const shares = [1, 1.1, 0.9, 0.8, 0.7];

/** How often codes and step size are found in turn. */
const turns = 3;

/**
 * Finds codes and step size in turn: the objective of {@link descendCodes} is least, for given codes, at the size
 * `codes · c / codes · H · codes`. Sizes further off are begun at too, with the codes nearest to `weights`.
 *
 * @param weights the weights before rounding
 * @returns the sum with the best codes and their size; `first` itself where its factors are all zero
 */
export function descendGrid(first: RoundedSum, weights: Float64Array): RoundedSum {
  const { low, high, moments, wanted } = first;
  let best = first;
  let least = Number.POSITIVE_INFINITY;
  for (const share of shares) {
    let size = share * first.size;
    const start = (weight: number) => Math.min(high, Math.max(low, Math.round(weight / size)));
    const codes = share === 1 ? Float64Array.from(first.codes) : weights.map(start);
    for (let turn = 0; turn < turns; turn++) {
      descendCodes({ ...first, codes, size });
      const [along, curvature] = products(codes, moments, wanted);
      if (!(along > 0 && curvature > 0)) break;
      size = along / curvature;
      const error = -along * size;
      if (error >= least) continue;
      least = error;
      best = { ...first, codes: Float64Array.from(codes), size };
    }
  }
  return best;
}

/** `codes · wanted` and `codes · H · codes`. */
function products(codes: Float64Array, moments: Float64Array, wanted: Float64Array): [number, number] {
  let [along, curvature] = [0, 0];
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] as number;
    if (code === 0) continue;
    along += code * (wanted[i] as number);
    let sum = 0;
    for (let j = 0; j < codes.length; j++) sum += (moments[i * codes.length + j] as number) * (codes[j] as number);
    curvature += code * sum;
  }
  return [along, curvature];
}
