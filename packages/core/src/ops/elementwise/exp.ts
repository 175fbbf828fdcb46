import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { mul } from './mul.ts';
import { unary } from './unary.ts';

/** `e ^ x`. */
export function exp(b: GraphBuilder, x: Value): Value {
  return b.op('Exp', [x]);
}

/** Exp. Derivative: `dy · y`. */
export const expOperator: Operator = unary('Exp', {
  compute: () => Math.exp,
  gradient: (b, dy, { y }) => mul(b, dy, y),
});
