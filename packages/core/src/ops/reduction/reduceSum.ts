import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { reduce, reduction } from './reduce.ts';

/** Sum over axes (all when absent); with `keep` they stay as 1 (ONNX, "ReduceSum"). */
export function reduceSum(b: GraphBuilder, x: Value, axes?: readonly number[], keep = false): Value {
  return reduce(b, 'ReduceSum', x, axes, keep);
}

/** ReduceSum. Derivative: the adjoint, spread over the reduced axes. */
export const reduceSumOperator: Operator = reduction('ReduceSum', {
  start: 0,
  step: (sum, x) => sum + x,
  gradient: (_, { dy }) => dy,
});
