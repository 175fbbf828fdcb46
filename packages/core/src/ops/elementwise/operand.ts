import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/operator.ts';

/** An argument of an elementwise function: a value, or a number that stands for a constant of its partner's type. */
export type Operand = Value | number;

/** Turns numbers among the operands into scalar constants of the element type of the values among them. */
export function valuesOf(b: GraphBuilder, operands: readonly Operand[]): Value[] {
  const dtype = operands.find((operand) => typeof operand !== 'number')?.dtype ?? 'float32';
  return operands.map((operand) => (typeof operand === 'number' ? b.scalar(operand, dtype) : operand));
}
