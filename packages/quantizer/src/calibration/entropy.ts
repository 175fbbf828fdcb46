import type { Histogram } from '@datafree/core';
import type { Range } from '../grid/affine.ts';
import type { ActivationStatistics } from './statistics.ts';

/** Number of candidate thresholds. */
const candidates = 128;

/**
 * The range whose quantised distribution is nearest to the values' own in the sense of the Kullback–Leibler divergence
 * KL(P ‖ Q). P is the histogram with what lies outside gathered in its end bins; Q spreads the mass of each grid cell,
 * without what was gathered, evenly over the occupied bins of that cell (Migacz, "8-bit Inference with TensorRT",
 * 2017). Both ends shrink by one factor.
 */
export function entropyRange({ histogram }: ActivationStatistics, bits: number): Range {
  const low = Math.min(histogram.minimum, 0);
  const high = Math.max(histogram.maximum, 0);
  let best: Range = { low, high };
  let lowest = Number.POSITIVE_INFINITY;
  for (let i = candidates; i >= 1; i--) {
    const range = { low: (low * i) / candidates, high: (high * i) / candidates };
    const divergence = divergenceOf(histogram, range, bits);
    if (divergence < lowest) {
      lowest = divergence;
      best = range;
    }
  }
  return best;
}

function divergenceOf(histogram: Histogram, { low, high }: Range, bits: number): number {
  const { counts, first, width } = histogram;
  if (width === 0) return 0;
  const start = Math.max(0, Math.floor(low / width) - first);
  const end = Math.min(counts.length, Math.ceil(high / width) - first);
  const cells = 2 ** bits;
  if (end - start < cells) return Number.POSITIVE_INFINITY;

  const inside = counts.subarray(start, end);
  const gathered = Float64Array.from(inside);
  for (let bin = 0; bin < start; bin++) gathered[0] = (gathered[0] as number) + (counts[bin] as number);
  const last = gathered.length - 1;
  for (let bin = end; bin < counts.length; bin++) gathered[last] = (gathered[last] as number) + (counts[bin] as number);

  const total = gathered.reduce((sum, count) => sum + count, 0);
  const kept = inside.reduce((sum, count) => sum + count, 0);
  if (kept === 0) return Number.POSITIVE_INFINITY;
  let divergence = 0;
  for (let cell = 0; cell < cells; cell++) {
    const from = Math.floor((cell * inside.length) / cells);
    const to = Math.floor(((cell + 1) * inside.length) / cells);
    let mass = 0;
    let occupied = 0;
    for (let bin = from; bin < to; bin++) {
      mass += inside[bin] as number;
      if ((gathered[bin] as number) > 0) occupied++;
    }
    for (let bin = from; bin < to; bin++) {
      const p = (gathered[bin] as number) / total;
      if (p === 0) continue;
      const q = Math.max(mass / occupied / kept, smallestProbability);
      divergence += p * Math.log(p / q);
    }
  }
  return divergence;
}

/** Keeps the divergence finite where all mass of a cell was gathered from outside. */
const smallestProbability = 1e-12;
