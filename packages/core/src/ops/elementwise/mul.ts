import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { binary } from './binary.ts';
import { type Operand, valuesOf } from './operand.ts';

/** `x · y`, broadcast. */
export function mul(b: GraphBuilder, x: Operand, y: Operand): Value {
  return b.op('Mul', valuesOf(b, [x, y]));
}

/** Mul. Derivative: the adjoint times the other factor, summed over broadcast axes. */
export const mulOperator: Operator = binary('Mul', {
  compute: () => (x, y) => x * y,
  gradient: [(b, dz, { y }) => mul(b, dz, y), (b, dz, { x }) => mul(b, dz, x)],
});
