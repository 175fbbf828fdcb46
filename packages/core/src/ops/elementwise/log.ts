import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { div } from './div.ts';
import { unary } from './unary.ts';

/** The natural logarithm. */
export function log(b: GraphBuilder, x: Value): Value {
  return b.op('Log', [x]);
}

/** Log. Derivative: `dy / x`. */
export const logOperator: Operator = unary('Log', {
  compute: () => Math.log,
  gradient: (b, dy, { x }) => div(b, dy, x),
});
