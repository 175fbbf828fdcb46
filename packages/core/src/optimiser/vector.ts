import type { GraphBuilder } from '../graph/builder.ts';
import type { Value } from '../graph/operator.ts';
import { concat } from '../ops/layout/concat.ts';
import { reshape } from '../ops/layout/reshape.ts';
import { split } from '../ops/layout/split.ts';
import { elementCount } from '../tensor.ts';

/**
 * Lays tensors end to end, so that an update rule is written once for all of them: a network has hundreds of small
 * tensors, and a node costs more than their arithmetic.
 */
export function toVector(b: GraphBuilder, values: readonly Value[]): Value {
  const rows = values.map((value) => reshape(b, value, [elementCount(value.shape)]));
  return rows.length === 1 ? (rows[0] as Value) : concat(b, rows, 0);
}

/** As {@link toVector}; one tensor stays as it is, since a new shape for a result would be a copy. */
export function joined(b: GraphBuilder, values: readonly Value[]): Value {
  return values.length === 1 ? (values[0] as Value) : toVector(b, values);
}

/** Takes a vector, or what {@link joined} gave, apart again into tensors of the shapes of `like`. */
export function fromVector(b: GraphBuilder, vector: Value, like: readonly Value[]): Value[] {
  const sizes = like.map((value) => elementCount(value.shape));
  const rows = like.length === 1 ? [vector] : split(b, vector, sizes, 0);
  return rows.map((row, i) => reshape(b, row, (like[i] as Value).shape));
}
