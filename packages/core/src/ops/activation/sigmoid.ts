import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { mul } from '../elementwise/mul.ts';
import { sub } from '../elementwise/sub.ts';
import { unary } from '../elementwise/unary.ts';

/** `1 / (1 + e^(−x))`. */
export function sigmoid(b: GraphBuilder, x: Value): Value {
  return b.op('Sigmoid', [x]);
}

/** Sigmoid. Derivative: `dy · y · (1 − y)`. */
export const sigmoidOperator: Operator = unary('Sigmoid', {
  compute: () => logistic,
  gradient: (b, dy, { y }) => mul(b, dy, mul(b, y, sub(b, 1, y))),
});

/** The logistic function of a number. */
export function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
