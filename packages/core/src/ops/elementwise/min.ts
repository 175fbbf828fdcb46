import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { extremum } from './extremum.ts';
import { type Operand, valuesOf } from './operand.ts';
import { sub } from './sub.ts';

/** The smallest of its arguments, broadcast. */
export function min(b: GraphBuilder, ...values: readonly Operand[]): Value {
  return b.op('Min', valuesOf(b, values));
}

/** Min. Derivative: the adjoint for the argument that was taken, at a tie the first. */
export const minOperator: Operator = extremum('Min', Math.min, (b, result, argument) => sub(b, argument, result));
