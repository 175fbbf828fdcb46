import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { roundHalfEven } from '../../rounding.ts';
import { unary } from './unary.ts';

/** The nearest whole number, a half to the even one. */
export function round(b: GraphBuilder, x: Value): Value {
  return b.op('Round', [x]);
}

/** Round. Its derivative is zero almost everywhere. */
export const roundOperator: Operator = unary('Round', { compute: () => roundHalfEven, gradient: () => undefined });
