import { roundHalfEven } from '@datafree/core';

/** Lowest and highest value that are kept; what lies outside saturates. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** A uniform grid: `value = scale · (code − zeroPoint)`, code a whole number from 0 to `2^bits − 1`. */
export interface AffineGrid {
  readonly bits: number;
  /** A positive float32. */
  readonly scale: number;
  /** A code, so that zero is a grid point. */
  readonly zeroPoint: number;
}

/** The highest code of a grid. */
export function highestCode(grid: AffineGrid): number {
  return 2 ** grid.bits - 1;
}

/**
 * The grid that spans a range, widened to contain zero (padding must be exact): `scale = (high − low) / (2^bits − 1)`.
 * A range of no extent gets the extent 1.
 */
export function affineGrid({ low, high }: Range, bits: number): AffineGrid {
  const bottom = Math.min(low, 0);
  const top = Math.max(high, 0);
  const levels = 2 ** bits - 1;
  const extent = top - bottom;
  const scale = Math.fround((extent > smallestExtent ? extent : 1) / levels);
  return { bits, scale, zeroPoint: Math.min(levels, Math.max(0, Math.round(-bottom / scale))) };
}

/** Below it a scale would leave the normal float32 numbers once it is multiplied by a weight's scale. */
const smallestExtent = 1e-25;

/** The code nearest to a value (ties to even, as ONNX rounds), saturated. */
export function encode(grid: AffineGrid, value: number): number {
  const code = roundHalfEven(Math.fround(value / grid.scale)) + grid.zeroPoint;
  return Math.min(highestCode(grid), Math.max(0, code));
}

/** The value that a code stands for. */
export function decode(grid: AffineGrid, code: number): number {
  return Math.fround((code - grid.zeroPoint) * grid.scale);
}
