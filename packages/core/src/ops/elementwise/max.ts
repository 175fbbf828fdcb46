import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { extremum } from './extremum.ts';
import { type Operand, valuesOf } from './operand.ts';
import { sub } from './sub.ts';

/** The largest of its arguments, broadcast. */
export function max(b: GraphBuilder, ...values: readonly Operand[]): Value {
  return b.op('Max', valuesOf(b, values));
}

/** Max. Derivative: the adjoint for the argument that was taken, at a tie the first. */
export const maxOperator: Operator = extremum('Max', Math.max, (b, result, argument) => sub(b, result, argument));
