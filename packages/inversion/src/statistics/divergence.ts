import { add, div, type GraphBuilder, log, mul, sub, type Value } from '@datafree/core';

/** How far the statistics of a batch are from those that the network remembers, channel by channel. */
export type Divergence = 'kl' | 'reverse-kl' | 'symmetric' | 'l2' | 'norm';

/** Mean and variance of channels, of one shape (or broadcast). */
export interface Gaussian {
  readonly mean: Value;
  readonly variance: Value;
}

/**
 * Writes the Kullback–Leibler divergence of two normal distributions,
 * `KL(N(a,A) ‖ N(b,B)) = ½·(log(B/A) − 1 + (A + (a−b)²)/B)`.
 */
export function gaussianKl(b: GraphBuilder, of: Gaussian, from: Gaussian): Value {
  const ratio = div(b, of.variance, from.variance);
  const distance = div(b, squaredDifference(b, of.mean, from.mean), from.variance);
  return mul(b, sub(b, sub(b, add(b, ratio, distance), log(b, ratio)), 1), 0.5);
}

/** Writes `(x − y)²`. */
export function squaredDifference(b: GraphBuilder, x: Value, y: Value): Value {
  const difference = sub(b, x, y);
  return mul(b, difference, difference);
}
