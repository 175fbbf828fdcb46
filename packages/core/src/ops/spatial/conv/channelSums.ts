import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Value } from '../../../graph/operator.ts';
import { reduceSum } from '../../reduction/reduceSum.ts';

/** Sums [N, C, …] over all axes but the channels; shape [C]. */
export function channelSums(b: GraphBuilder, x: Value): Value {
  return reduceSum(
    b,
    x,
    [...x.shape.keys()].filter((axis) => axis !== 1),
  );
}
