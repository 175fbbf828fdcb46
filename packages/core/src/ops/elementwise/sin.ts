import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { cos } from './cos.ts';
import { mul } from './mul.ts';
import { unary } from './unary.ts';

/** The sine of an angle in radians. */
export function sin(b: GraphBuilder, x: Value): Value {
  return b.op('Sin', [x]);
}

/** Sin. Derivative: `dy · cos(x)`. */
export const sinOperator: Operator = unary('Sin', {
  compute: () => Math.sin,
  gradient: (b, dy, { x }) => mul(b, dy, cos(b, x)),
});
