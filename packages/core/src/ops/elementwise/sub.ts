import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { binary } from './binary.ts';
import { neg } from './neg.ts';
import { type Operand, valuesOf } from './operand.ts';

/** `x − y`, broadcast. */
export function sub(b: GraphBuilder, x: Operand, y: Operand): Value {
  return b.op('Sub', valuesOf(b, [x, y]));
}

/** Sub. Derivative: the adjoint and its negative, summed over broadcast axes. */
export const subOperator: Operator = binary('Sub', {
  compute: () => (x, y) => x - y,
  gradient: [(_, dz) => dz, (b, dz) => neg(b, dz)],
});
