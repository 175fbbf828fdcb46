import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { mul } from '../elementwise/mul.ts';
import { sub } from '../elementwise/sub.ts';
import { unary } from '../elementwise/unary.ts';

/** The hyperbolic tangent. */
export function tanh(b: GraphBuilder, x: Value): Value {
  return b.op('Tanh', [x]);
}

/** Tanh. Derivative: `dy · (1 − y²)`. */
export const tanhOperator: Operator = unary('Tanh', {
  compute: () => Math.tanh,
  gradient: (b, dy, { y }) => mul(b, dy, sub(b, 1, mul(b, y, y))),
});
