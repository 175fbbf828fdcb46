import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';
import { unary } from './unary.ts';

/** `1 / x`. */
export function reciprocal(b: GraphBuilder, x: Value): Value {
  return b.op('Reciprocal', [x]);
}

/** Reciprocal. Derivative: `−dy · y²`. */
export const reciprocalOperator: Operator = unary('Reciprocal', {
  compute: () => (x) => 1 / x,
  gradient: (b, dy, { y }) => neg(b, mul(b, dy, mul(b, y, y))),
});
