import { activationRange, type CalibrationMethod } from '../calibration/range.ts';
import type { ActivationStatistics } from '../calibration/statistics.ts';
import { type AffineGrid, affineGrid } from './affine.ts';

/** How the range of an activation is found. */
export interface ActivationGridOptions {
  readonly calibration: CalibrationMethod;
  readonly percentile: number;
}

/** The grid of an activation at a number of bits, in the range that calibration finds for them. */
export function activationGrid(
  statistics: ActivationStatistics,
  bits: number,
  { calibration, percentile }: ActivationGridOptions,
): AffineGrid {
  return affineGrid(activationRange(statistics, calibration, bits, percentile), bits);
}
