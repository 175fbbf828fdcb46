import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { unary } from './unary.ts';

/** The largest whole number that is not larger. */
export function floor(b: GraphBuilder, x: Value): Value {
  return b.op('Floor', [x]);
}

/** Floor. Its derivative is zero almost everywhere. */
export const floorOperator: Operator = unary('Floor', {
  compute: () => Math.floor,
  gradient: () => undefined,
});
