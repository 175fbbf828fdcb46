import { float, floatOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { add } from '../elementwise/add.ts';
import { min } from '../elementwise/min.ts';
import { mul } from '../elementwise/mul.ts';
import { unary } from '../elementwise/unary.ts';

/**
 * The continuously differentiable exponential linear unit of each element of `x` (Barron 2017):
 * `max(0, x) + min(0, alpha · (e^(x/alpha) − 1))`.
 */
export function celu(b: GraphBuilder, x: Value, alpha = 1): Value {
  return b.op('Celu', [x], { alpha: float(alpha) });
}

/** Celu, for a positive `alpha`. Derivative: the adjoint times `min(y, 0) / alpha + 1`. */
export const celuOperator: Operator = unary('Celu', {
  compute: (node) => {
    const alpha = floatOf(node, 'alpha', 1);
    return (x) => Math.max(0, x) + Math.min(0, alpha * Math.expm1(x / alpha));
  },
  gradient: (b, dy, { y, node }) => mul(b, dy, add(b, mul(b, min(b, y, 0), 1 / floatOf(node, 'alpha', 1)), 1)),
});
