import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/operator.ts';
import { add } from '../elementwise/add.ts';
import { mul } from '../elementwise/mul.ts';
import { reshape } from '../layout/reshape.ts';
import { reduceSum } from '../reduction/reduceSum.ts';

/** Gives [C] the shape [1, C, 1, …] of the given rank, to be broadcast over [N, C, …]. */
export function perChannel(b: GraphBuilder, x: Value, rank: number): Value {
  return reshape(b, x, [1, x.shape[0]!, ...new Array<number>(rank - 2).fill(1)]);
}

/** `scale · x + shift` for `x` [N, C, …] and vectors [C]. */
export function channelAffine(b: GraphBuilder, x: Value, scale: Value, shift: Value): Value {
  const rank = x.shape.length;
  return add(b, mul(b, x, perChannel(b, scale, rank)), perChannel(b, shift, rank));
}

/** All axes of [N, C, …] but the channels. */
export function channelAxes(rank: number): number[] {
  return [...new Array(rank).keys()].filter((axis) => axis !== 1);
}

/** Sums [N, C, …] over samples and places; shape [C]. */
export function channelSum(b: GraphBuilder, x: Value): Value {
  return reduceSum(b, x, channelAxes(x.shape.length));
}
