import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { add } from '../elementwise/add.ts';
import { mul } from '../elementwise/mul.ts';
import { sub } from '../elementwise/sub.ts';
import { unary } from '../elementwise/unary.ts';
import { sigmoid } from './sigmoid.ts';
import { softplus, softplusOf } from './softplus.ts';
import { tanh } from './tanh.ts';

/** `x · tanh(softplus(x))` (Misra 2019). */
export function mish(b: GraphBuilder, x: Value): Value {
  return b.op('Mish', [x]);
}

/** Mish. With `t = tanh(softplus(x))`, the derivative is `t + x · sigmoid(x) · (1 − t²)`. */
export const mishOperator: Operator = unary('Mish', {
  compute: () => (x) => x * Math.tanh(softplusOf(x)),
  gradient: (b, dy, { x }) => {
    const t = tanh(b, softplus(b, x));
    return mul(b, dy, add(b, t, mul(b, mul(b, x, sigmoid(b, x)), sub(b, 1, mul(b, t, t)))));
  },
});
