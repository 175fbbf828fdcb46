import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { unary } from './unary.ts';

/** −1, 0 or 1. */
export function sign(b: GraphBuilder, x: Value): Value {
  return b.op('Sign', [x]);
}

/** Sign. Its derivative is zero almost everywhere. */
export const signOperator: Operator = unary('Sign', {
  compute: () => Math.sign,
  gradient: () => undefined,
});
