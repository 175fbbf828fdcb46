import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { exp } from '../elementwise/exp.ts';
import { mul } from '../elementwise/mul.ts';
import { sub } from '../elementwise/sub.ts';
import { reduce, reduction } from './reduce.ts';

/** `log Σ e^x` over axes (all when absent); with `keep` they stay as 1 (ONNX, "ReduceLogSumExp"). */
export function reduceLogSumExp(b: GraphBuilder, x: Value, axes?: readonly number[], keep = false): Value {
  return reduce(b, 'ReduceLogSumExp', x, axes, keep);
}

/** ReduceLogSumExp. Derivative: `dy · e^(x − y)`. */
export const reduceLogSumExpOperator: Operator = reduction('ReduceLogSumExp', {
  start: Number.NEGATIVE_INFINITY,
  step: (sum, x) => {
    const larger = Math.max(sum, x);
    return Number.isFinite(larger) ? larger + Math.log1p(Math.exp(-Math.abs(sum - x))) : larger;
  },
  gradient: (b, { x, y, dy }) => mul(b, dy, exp(b, sub(b, x, y))),
});
