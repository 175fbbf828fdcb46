import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { mul } from '../elementwise/mul.ts';
import { unary } from '../elementwise/unary.ts';
import { positive } from './positive.ts';

/** `max(x, 0)`. */
export function relu(b: GraphBuilder, x: Value): Value {
  return b.op('Relu', [x]);
}

/** Relu. Derivative: the adjoint where the output is positive; 0 at the kink. */
export const reluOperator: Operator = unary('Relu', {
  compute: () => (x) => Math.max(x, 0),
  gradient: (b, dy, { y }) => mul(b, dy, positive(b, y)),
});
