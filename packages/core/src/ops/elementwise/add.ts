import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { binary } from './binary.ts';
import { type Operand, valuesOf } from './operand.ts';

/** `x + y`, broadcast. */
export function add(b: GraphBuilder, x: Operand, y: Operand): Value {
  return b.op('Add', valuesOf(b, [x, y]));
}

/** Add. Derivative: the adjoint, summed over broadcast axes. */
export const addOperator: Operator = binary('Add', {
  compute: () => (x, y) => x + y,
  gradient: [(_, dz) => dz, (_, dz) => dz],
});
