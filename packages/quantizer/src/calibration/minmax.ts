import type { Range } from '../grid/affine.ts';
import type { ActivationStatistics } from './statistics.ts';

/** The lowest and the highest value seen. */
export function minmaxRange({ histogram }: ActivationStatistics): Range {
  return { low: histogram.minimum, high: histogram.maximum };
}
