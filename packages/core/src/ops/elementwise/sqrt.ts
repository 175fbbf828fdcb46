import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { div } from './div.ts';
import { mul } from './mul.ts';
import { unary } from './unary.ts';

/** The square root. */
export function sqrt(b: GraphBuilder, x: Value): Value {
  return b.op('Sqrt', [x]);
}

/** Sqrt. Derivative: `dy / 2y`. */
export const sqrtOperator: Operator = unary('Sqrt', {
  compute: () => Math.sqrt,
  gradient: (b, dy, { y }) => div(b, mul(b, dy, 0.5), y),
});
