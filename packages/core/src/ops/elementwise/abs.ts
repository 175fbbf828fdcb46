import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { mul } from './mul.ts';
import { sign } from './sign.ts';
import { unary } from './unary.ts';

/** The absolute value. */
export function abs(b: GraphBuilder, x: Value): Value {
  return b.op('Abs', [x]);
}

/** Abs. Derivative: the adjoint with the sign of the input; 0 at 0. */
export const absOperator: Operator = unary('Abs', {
  compute: () => Math.abs,
  gradient: (b, dy, { x }) => mul(b, dy, sign(b, x)),
});
