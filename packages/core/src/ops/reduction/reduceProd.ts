import type { Operator } from '../../graph/operator.ts';
import { abs } from '../elementwise/abs.ts';
import { add } from '../elementwise/add.ts';
import { div } from '../elementwise/div.ts';
import { mul } from '../elementwise/mul.ts';
import { sign } from '../elementwise/sign.ts';
import { sub } from '../elementwise/sub.ts';
import { reduce, reduction } from './reduce.ts';
import { reduceSum } from './reduceSum.ts';

/**
 * ReduceProd. Derivative: the adjoint times the product of the other elements, also where some are zero: it is the
 * product of the elements that are not zero over the element, unless another element is zero.
 */
export const reduceProdOperator: Operator = reduction('ReduceProd', {
  start: 1,
  step: (product, x) => product * x,
  gradient: (b, { x, dy, axes }) => {
    const zero = sub(b, 1, abs(b, sign(b, x)));
    const filled = add(b, x, zero);
    const product = reduce(b, 'ReduceProd', filled, axes, true);
    const otherZeros = sub(b, reduceSum(b, zero, axes, true), zero);
    return mul(b, mul(b, dy, div(b, product, filled)), sub(b, 1, sign(b, otherZeros)));
  },
});
