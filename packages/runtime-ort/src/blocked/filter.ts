import { concat, type GraphBuilder, pad, reshape, transpose, type Value } from '@datafree/core';
import { roundUp } from './operators.ts';

/**
 * Weights `[M, C, kh, kw]` in the order of a Conv that reads blocks: `[M / b, C / b, kh, kw, b of C, b of M]`, channels
 * and filters filled up with zeros; under the shape `[M', C', kh, kw]`.
 */
export function filterOfBlocks(b: GraphBuilder, w: Value, block: number): Value {
  const [filters, depth, height, width] = padded(b, w, block, true);
  const split = reshape(b, filters, [filters.shape[0]! / block, block, depth / block, block, height, width]);
  return reshape(b, transpose(b, split, [0, 2, 4, 5, 3, 1]), filters.shape);
}

/**
 * Weights `[M, C, kh, kw]` in the order of a Conv that reads plain channels, or one channel a filter:
 * `[M / b, C, kh, kw, b of M]`, filters filled up with zeros; under the shape `[M', C, kh, kw]`.
 */
export function filterOfPlanes(b: GraphBuilder, w: Value, block: number): Value {
  const [filters, depth, height, width] = padded(b, w, block, false);
  const split = reshape(b, filters, [filters.shape[0]! / block, block, depth, height, width]);
  return reshape(b, transpose(b, split, [0, 2, 3, 4, 1]), filters.shape);
}

/** Weights `[M, C, kh, kw]` that treat `fold` samples side by side alike: `[fold · M, fold · C, kh, kw]`. */
export function blockDiagonal(b: GraphBuilder, w: Value, fold: number): Value {
  const depth = w.shape[1]!;
  const rows = Array.from({ length: fold }, (_, i) => pad(b, w, [0, i * depth, 0, 0, 0, (fold - 1 - i) * depth, 0, 0]));
  return concat(b, rows, 0);
}

/** Weights `[C, 1, kh, kw]` of one channel each, once for each of `fold` samples side by side. */
export function repeated(b: GraphBuilder, w: Value, fold: number): Value {
  return concat(b, new Array<Value>(fold).fill(w), 0);
}

function padded(b: GraphBuilder, w: Value, block: number, inputs: boolean): [Value, number, number, number] {
  const [filters, depth, height, width] = w.shape as [number, number, number, number];
  const more = roundUp(filters, block) - filters;
  const deeper = inputs ? roundUp(depth, block) - depth : 0;
  const value = pad(b, w, [0, 0, 0, 0, more, deeper, 0, 0]);
  return [value, depth + deeper, height, width];
}
