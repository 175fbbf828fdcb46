import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Value } from '../../../graph/operator.ts';
import { cast } from '../../elementwise/cast.ts';
import { equal } from '../../elementwise/comparison.ts';

/** 1 where `x` equals `y`, else 0, in the element type of `x`; broadcast. */
export function equalMask(b: GraphBuilder, x: Value, y: Value): Value {
  return cast(b, equal(b, x, y), x.dtype);
}
