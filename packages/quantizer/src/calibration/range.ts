import type { Range } from '../grid/affine.ts';
import { averageRange } from './average.ts';
import { entropyRange } from './entropy.ts';
import { minmaxRange } from './minmax.ts';
import { mseRange } from './mse.ts';
import { percentileRange } from './percentile.ts';
import type { ActivationStatistics } from './statistics.ts';

/** How the range of an activation is found. */
export const calibrationMethods = ['minmax', 'average', 'percentile', 'mse', 'entropy'] as const;

/** A name in {@link calibrationMethods}. */
export type CalibrationMethod = (typeof calibrationMethods)[number];

/** The range of an activation for a grid of `bits` bits. */
export function activationRange(
  statistics: ActivationStatistics,
  method: CalibrationMethod,
  bits: number,
  percentile: number,
): Range {
  switch (method) {
    case 'minmax':
      return minmaxRange(statistics);
    case 'average':
      return averageRange(statistics);
    case 'percentile':
      return percentileRange(statistics, percentile);
    case 'mse':
      return mseRange(statistics, bits);
    case 'entropy':
      return entropyRange(statistics, bits);
  }
}
