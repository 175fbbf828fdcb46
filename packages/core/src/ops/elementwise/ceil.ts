import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { unary } from './unary.ts';

/** The smallest whole number that is not smaller. */
export function ceil(b: GraphBuilder, x: Value): Value {
  return b.op('Ceil', [x]);
}

/** Ceil. Its derivative is zero almost everywhere. */
export const ceilOperator: Operator = unary('Ceil', {
  compute: () => Math.ceil,
  gradient: () => undefined,
});
