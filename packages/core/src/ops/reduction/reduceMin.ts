import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { div } from '../elementwise/div.ts';
import { mul } from '../elementwise/mul.ts';
import { sign } from '../elementwise/sign.ts';
import { sub } from '../elementwise/sub.ts';
import { reduce, reduction } from './reduce.ts';
import { reduceSum } from './reduceSum.ts';

/** The smallest element over axes (all when absent); with `keep` they stay as 1 (ONNX, "ReduceMin"). */
export function reduceMin(b: GraphBuilder, x: Value, axes?: readonly number[], keep = false): Value {
  return reduce(b, 'ReduceMin', x, axes, keep);
}

/** ReduceMin. Derivative: the adjoint for the smallest element; several of them share it equally. */
export const reduceMinOperator: Operator = reduction('ReduceMin', {
  start: Number.POSITIVE_INFINITY,
  step: Math.min,
  gradient: (b, { x, y, dy, axes }) => {
    const taken = sub(b, 1, sign(b, sub(b, x, y)));
    return mul(b, div(b, dy, reduceSum(b, taken, axes, true)), taken);
  },
});
