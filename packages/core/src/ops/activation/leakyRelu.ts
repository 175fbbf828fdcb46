import { float, floatOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { mul } from '../elementwise/mul.ts';
import { sign } from '../elementwise/sign.ts';
import { unary } from '../elementwise/unary.ts';
import { clip } from './clip.ts';
import { blend } from './positive.ts';

/** Element by element, `x` where it is positive, else `alpha · x` (Maas et al. 2013). */
export function leakyRelu(b: GraphBuilder, x: Value, alpha = 0.01): Value {
  return b.op('LeakyRelu', [x], { alpha: float(alpha) });
}

/** LeakyRelu. Derivative: the adjoint, times `alpha` where the input is not positive. */
export const leakyReluOperator: Operator = unary('LeakyRelu', {
  compute: (node) => {
    const alpha = floatOf(node, 'alpha', 0.01);
    return (x) => (x > 0 ? x : alpha * x);
  },
  gradient: (b, dy, { x, node }) => {
    const alpha = floatOf(node, 'alpha', 0.01);
    const slope = alpha >= 0 && alpha <= 1 ? clip(b, sign(b, x), alpha) : blend(b, x, 1, alpha);
    return mul(b, dy, slope);
  },
});
