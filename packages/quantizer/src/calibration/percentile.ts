import type { Range } from '../grid/affine.ts';
import type { ActivationStatistics } from './statistics.ts';

/** Leaves a share of `100 − percentile` per cent of the values out at each end. */
export function percentileRange({ histogram }: ActivationStatistics, percentile: number): Range {
  const share = percentile / 100;
  return { low: histogram.quantile(1 - share), high: histogram.quantile(share) };
}
