import type { Range } from '../grid/affine.ts';
import type { ActivationStatistics } from './statistics.ts';

/**
 * The mean over all samples of each sample's lowest and highest value: the calibration of Haroush et al., "The
 * Knowledge Within" (CVPR 2020), whose cumulative average over batches of the batch mean this is for batches of one
 * size.
 */
export function averageRange({ averageLow, averageHigh }: ActivationStatistics): Range {
  return { low: averageLow, high: averageHigh };
}
