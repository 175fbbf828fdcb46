import { DatafreeError } from '@datafree/plugin';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/operator.ts';
import { elementCount } from '../../tensor.ts';
import { normalizeAxis } from '../layout/axis.ts';
import { reshape } from '../layout/reshape.ts';

/** A vector shaped so that it broadcasts along an axis of `x`; a value of one element is left as it is. */
export function alongAxis(b: GraphBuilder, vector: Value, x: Value, axis: number | undefined): Value {
  if (elementCount(vector.shape) === 1) return reshape(b, vector, []);
  if (axis === undefined || vector.shape.length !== 1) {
    throw new DatafreeError(
      'shape-mismatch',
      `A value [${vector.shape}] needs the axis of [${x.shape}] it runs along.`,
    );
  }
  const along = normalizeAxis(axis, x.shape.length);
  return reshape(
    b,
    vector,
    x.shape.map((_, k) => (k === along ? elementCount(vector.shape) : 1)),
  );
}
