import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { unary } from './unary.ts';

/** `−x`. */
export function neg(b: GraphBuilder, x: Value): Value {
  return b.op('Neg', [x]);
}

/** Neg. Derivative: `−dy`. */
export const negOperator: Operator = unary('Neg', {
  compute: () => (x) => -x,
  gradient: (b, dy) => neg(b, dy),
});
