import { float, floatOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { add } from '../elementwise/add.ts';
import { min } from '../elementwise/min.ts';
import { mul } from '../elementwise/mul.ts';
import { unary } from '../elementwise/unary.ts';
import { blend } from './positive.ts';

/** Element by element, `x` where it is positive, else `alpha · (e^x − 1)` (Clevert et al. 2015). */
export function elu(b: GraphBuilder, x: Value, alpha = 1): Value {
  return b.op('Elu', [x], { alpha: float(alpha) });
}

/** Elu. Derivative: the adjoint, times `y + alpha` where the input is not positive. */
export const eluOperator: Operator = unary('Elu', {
  compute: (node) => {
    const alpha = floatOf(node, 'alpha', 1);
    return (x) => (x > 0 ? x : alpha * Math.expm1(x));
  },
  gradient: (b, dy, { x, y, node }) => exponentialSlope(b, dy, x, y, 1, floatOf(node, 'alpha', 1)),
});

/** The adjoint of `x → slope · x` where positive, else `slope · alpha · (e^x − 1)`. */
export function exponentialSlope(b: GraphBuilder, dy: Value, x: Value, y: Value, slope: number, alpha: number): Value {
  // Where x is not positive the slope is y + slope·alpha; where it is, the output has no part in it.
  const part = alpha >= 0 ? min(b, y, 0) : mul(b, y, blend(b, x, 0, 1));
  return mul(b, dy, add(b, part, alpha === 1 ? slope : blend(b, x, slope, slope * alpha)));
}
