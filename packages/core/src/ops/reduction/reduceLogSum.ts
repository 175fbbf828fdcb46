import type { Operator } from '../../graph/operator.ts';
import { exp } from '../elementwise/exp.ts';
import { mul } from '../elementwise/mul.ts';
import { neg } from '../elementwise/neg.ts';
import { reduction } from './reduce.ts';

/** ReduceLogSum, the logarithm of the sum. Derivative: the adjoint over the sum, `dy · e^(−y)`. */
export const reduceLogSumOperator: Operator = reduction('ReduceLogSum', {
  start: 0,
  step: (sum, x) => sum + x,
  finish: Math.log,
  gradient: (b, { y, dy }) => mul(b, dy, exp(b, neg(b, y))),
});
