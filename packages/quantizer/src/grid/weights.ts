import { roundHalfEven } from '@datafree/core';
import type { Tensor } from '@datafree/plugin';
import { splitChannels } from './channels.ts';

/** How weights are put on a grid. */
export interface WeightGridOptions {
  /** 2 … 8. */
  readonly bits: number;
  /** Zero point 0, so that the grid is symmetric about zero. */
  readonly symmetric: boolean;
  /** `minmax` keeps every weight; `mse` lets the largest saturate where that lowers the squared error. */
  readonly range: 'minmax' | 'mse';
}

/** Weights as whole numbers: `value = scale · (code − zeroPoint)` with one scale and zero point a channel. */
export interface QuantizedWeights {
  readonly codes: Int8Array;
  readonly scales: Float32Array;
  readonly zeroPoints: Int8Array;
}

/** Codes that a grid has. */
interface Codes {
  readonly lowest: number;
  readonly highest: number;
}

/**
 * Quantises weights, one grid for each entry along `axis`, or one for all when `axis` is undefined. A symmetric grid
 * of 8 bits leaves −128 out; below 8 bits all `2^bits` codes are used.
 *
 * @param smallestScales for each grid a scale that it must not go below, so that its bias fits 32 bits
 */
export function quantizeWeights(
  weights: Tensor,
  axis: number | undefined,
  options: WeightGridOptions,
  smallestScales: ArrayLike<number>,
): QuantizedWeights {
  const { rows, join } = splitChannels(weights, axis);
  const highest = 2 ** (options.bits - 1) - 1;
  const codes: Codes = { lowest: options.symmetric && options.bits === 8 ? -highest : -highest - 1, highest };
  const scales = new Float32Array(rows.length);
  const zeroPoints = new Int8Array(rows.length);
  const quantized = rows.map((row, channel) => {
    const grid = options.symmetric
      ? symmetricGrid(row, codes, options.range)
      : asymmetricGrid(row, codes, options.range);
    const scale = Math.fround(Math.max(grid.scale, smallestScales[channel] ?? 0, smallestScale));
    const zeroPoint = scale > grid.scale * 1.001 && !options.symmetric ? 0 : grid.zeroPoint;
    scales[channel] = scale;
    zeroPoints[channel] = zeroPoint;
    return Int8Array.from(row, (value) => encodeWeight(value, { scale, zeroPoint }, codes));
  });
  return { codes: join(quantized), scales, zeroPoints };
}

/** Keeps scales, and their products with the scale of an activation, normal float32 numbers. */
const smallestScale = 1e-12;

interface WeightGrid {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Shares of the full range that are tried. */
const shares = Array.from({ length: 81 }, (_, i) => 1 - i / 100);

function symmetricGrid(row: Float32Array, codes: Codes, range: WeightGridOptions['range']): WeightGrid {
  const reach = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const grid = (share: number): WeightGrid => ({ scale: Math.fround((share * reach) / codes.highest), zeroPoint: 0 });
  return range === 'minmax' || reach === 0 ? grid(1) : nearest(row, codes, shares.map(grid));
}

function asymmetricGrid(row: Float32Array, codes: Codes, range: WeightGridOptions['range']): WeightGrid {
  const low = row.reduce((least, value) => Math.min(least, value), 0);
  const high = row.reduce((most, value) => Math.max(most, value), 0);
  const levels = codes.highest - codes.lowest;
  const grid = (lowShare: number, highShare: number): WeightGrid => {
    const scale = Math.fround((highShare * high - lowShare * low) / levels);
    const zeroPoint = scale === 0 ? 0 : codes.lowest + Math.round((-lowShare * low) / scale);
    return { scale, zeroPoint: Math.min(codes.highest, Math.max(codes.lowest, zeroPoint)) };
  };
  if (range === 'minmax' || low === high) return grid(1, 1);
  const together = nearest(
    row,
    codes,
    shares.map((share) => grid(share, share)),
  );
  const ends = shares.filter((_, i) => i % 4 === 0).flatMap((share) => [grid(share, 1), grid(1, share)]);
  return nearest(row, codes, [together, ...ends]);
}

function nearest(row: Float32Array, codes: Codes, grids: readonly WeightGrid[]): WeightGrid {
  let best = grids[0] as WeightGrid;
  let lowest = Number.POSITIVE_INFINITY;
  for (const grid of grids) {
    const error = squaredError(row, grid, codes, lowest);
    if (error < lowest) {
      lowest = error;
      best = grid;
    }
  }
  return best;
}

function squaredError(row: Float32Array, { scale, zeroPoint }: WeightGrid, codes: Codes, limit: number): number {
  if (scale === 0) return Number.POSITIVE_INFINITY;
  const lowest = codes.lowest - zeroPoint;
  const highest = codes.highest - zeroPoint;
  let error = 0;
  for (let i = 0; i < row.length && error < limit; i++) {
    const value = row[i] as number;
    const difference = value - scale * Math.min(highest, Math.max(lowest, Math.round(value / scale)));
    error += difference * difference;
  }
  return error;
}

function encodeWeight(value: number, { scale, zeroPoint }: WeightGrid, { lowest, highest }: Codes): number {
  return Math.min(highest, Math.max(lowest, roundHalfEven(value / scale) + zeroPoint));
}
