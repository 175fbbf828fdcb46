import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { div } from '../elementwise/div.ts';
import { mul } from '../elementwise/mul.ts';
import { sign } from '../elementwise/sign.ts';
import { sub } from '../elementwise/sub.ts';
import { reduce, reduction } from './reduce.ts';
import { reduceSum } from './reduceSum.ts';

/** The largest element over axes (all when absent); with `keep` they stay as 1 (ONNX, "ReduceMax"). */
export function reduceMax(b: GraphBuilder, x: Value, axes?: readonly number[], keep = false): Value {
  return reduce(b, 'ReduceMax', x, axes, keep);
}

/** ReduceMax. Derivative: the adjoint for the largest element; several of them share it equally. */
export const reduceMaxOperator: Operator = reduction('ReduceMax', {
  start: Number.NEGATIVE_INFINITY,
  step: Math.max,
  gradient: (b, { x, y, dy, axes }) => {
    const taken = sub(b, 1, sign(b, sub(b, y, x)));
    return mul(b, div(b, dy, reduceSum(b, taken, axes, true)), taken);
  },
});
