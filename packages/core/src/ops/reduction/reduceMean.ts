import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { mul } from '../elementwise/mul.ts';
import { reduce, reduction } from './reduce.ts';

/** Mean over axes (all when absent); with `keep` they stay as 1 (ONNX, "ReduceMean"). */
export function reduceMean(b: GraphBuilder, x: Value, axes?: readonly number[], keep = false): Value {
  return reduce(b, 'ReduceMean', x, axes, keep);
}

/** ReduceMean. Derivative: an equal part of the adjoint for each element. */
export const reduceMeanOperator: Operator = reduction('ReduceMean', {
  start: 0,
  step: (sum, x) => sum + x,
  finish: (sum, count) => sum / count,
  gradient: (b, { dy, count }) => mul(b, dy, 1 / count),
});
