import type { Histogram } from '@datafree/core';
import type { Range } from '../grid/affine.ts';
import type { ActivationStatistics } from './statistics.ts';

/** Shares of the full range that are tried at an end, from large to small. */
const shares = Array.from({ length: 100 }, (_, i) => 1 - i / 100);

/** The range whose grid has the least mean squared error, of rounding and of saturation together. */
export function mseRange({ histogram }: ActivationStatistics, bits: number): Range {
  const full = { low: Math.min(histogram.minimum, 0), high: Math.max(histogram.maximum, 0) };
  const bins = occupiedBins(histogram);
  const best = (candidates: readonly Range[]): Range => least(candidates, (range) => squaredError(bins, range, bits));
  if (full.low === 0) return best(shares.map((share) => ({ low: 0, high: share * full.high })));
  if (full.high === 0) return best(shares.map((share) => ({ low: share * full.low, high: 0 })));
  let range = best(shares.map((share) => ({ low: share * full.low, high: share * full.high })));
  for (let round = 0; round < 2; round++) {
    const { low } = range;
    range = best(shares.map((share) => ({ low, high: share * full.high })));
    const { high } = range;
    range = best(shares.map((share) => ({ low: share * full.low, high })));
  }
  return range;
}

interface Bins {
  readonly centres: Float64Array;
  readonly counts: Float64Array;
}

function occupiedBins(histogram: Histogram): Bins {
  const occupied = Array.from(histogram.counts.keys()).filter((bin) => (histogram.counts[bin] as number) > 0);
  return {
    centres: Float64Array.from(occupied, (bin) => histogram.centre(bin)),
    counts: Float64Array.from(occupied, (bin) => histogram.counts[bin] as number),
  };
}

/** Exact zeros are grid points and make no error. */
function squaredError({ centres, counts }: Bins, { low, high }: Range, bits: number): number {
  if (high - low <= 0) return Number.POSITIVE_INFINITY;
  const levels = 2 ** bits - 1;
  const scale = (high - low) / levels;
  const zeroPoint = Math.round(-low / scale);
  let error = 0;
  for (let i = 0; i < centres.length; i++) {
    const value = centres[i] as number;
    const code = Math.min(levels - zeroPoint, Math.max(-zeroPoint, Math.round(value / scale)));
    const difference = value - code * scale;
    error += (counts[i] as number) * difference * difference;
  }
  return error;
}

function least<T>(candidates: readonly T[], cost: (candidate: T) => number): T {
  let best = candidates[0] as T;
  let lowest = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const value = cost(candidate);
    if (value < lowest) {
      lowest = value;
      best = candidate;
    }
  }
  return best;
}
