import type { Operator } from '../../graph/operator.ts';
import { mul } from '../elementwise/mul.ts';
import { sign } from '../elementwise/sign.ts';
import { reduction } from './reduce.ts';

/** ReduceL1. Derivative: the adjoint with the sign of each element. */
export const reduceL1Operator: Operator = reduction('ReduceL1', {
  start: 0,
  step: (sum, x) => sum + Math.abs(x),
  gradient: (b, { x, dy }) => mul(b, dy, sign(b, x)),
});
