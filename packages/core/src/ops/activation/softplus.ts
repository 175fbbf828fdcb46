import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { mul } from '../elementwise/mul.ts';
import { unary } from '../elementwise/unary.ts';
import { sigmoid } from './sigmoid.ts';

/** `log(1 + e^x)`, element by element (ONNX, "Softplus"). */
export function softplus(b: GraphBuilder, x: Value): Value {
  return b.op('Softplus', [x]);
}

/** Softplus. Derivative: `dy · sigmoid(x)`. */
export const softplusOperator: Operator = unary('Softplus', {
  compute: () => softplusOf,
  gradient: (b, dy, { x }) => mul(b, dy, sigmoid(b, x)),
});

/** `log(1 + e^x)` of a number, without overflow. */
export function softplusOf(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
