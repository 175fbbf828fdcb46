import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { mul } from '../elementwise/mul.ts';
import { reduce, reduction } from './reduce.ts';

/** Sum of squares over axes (all when absent); with `keep` they stay as 1 (ONNX, "ReduceSumSquare"). */
export function reduceSumSquare(b: GraphBuilder, x: Value, axes?: readonly number[], keep = false): Value {
  return reduce(b, 'ReduceSumSquare', x, axes, keep);
}

/** ReduceSumSquare. Derivative: `2 · dy · x`. */
export const reduceSumSquareOperator: Operator = reduction('ReduceSumSquare', {
  start: 0,
  step: (sum, x) => sum + x * x,
  gradient: (b, { x, dy }) => mul(b, mul(b, dy, 2), x),
});
