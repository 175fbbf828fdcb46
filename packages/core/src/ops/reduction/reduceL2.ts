import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { div } from '../elementwise/div.ts';
import { max } from '../elementwise/max.ts';
import { mul } from '../elementwise/mul.ts';
import { reduce, reduction } from './reduce.ts';

/** Euclidean norm `√(Σ x²)` over axes (all when absent); with `keep` they stay as 1 (ONNX, "ReduceL2"). */
export function reduceL2(b: GraphBuilder, x: Value, axes?: readonly number[], keep = false): Value {
  return reduce(b, 'ReduceL2', x, axes, keep);
}

/** A norm below this counts as zero, where the derivative is set to 0. */
const smallestNorm = 1e-37;

/** ReduceL2. Derivative: `dy · x / y`; 0 where the norm is 0. */
export const reduceL2Operator: Operator = reduction('ReduceL2', {
  start: 0,
  step: (sum, x) => sum + x * x,
  finish: Math.sqrt,
  gradient: (b, { x, y, dy }) => mul(b, div(b, dy, max(b, y, smallestNorm)), x),
});
