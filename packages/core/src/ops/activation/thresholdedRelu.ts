import { float, floatOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { mul } from '../elementwise/mul.ts';
import { sub } from '../elementwise/sub.ts';
import { unary } from '../elementwise/unary.ts';
import { positive } from './positive.ts';

/** `x` where it is larger than `alpha`, else 0, element by element (ONNX, "ThresholdedRelu"). */
export function thresholdedRelu(b: GraphBuilder, x: Value, alpha = 1): Value {
  return b.op('ThresholdedRelu', [x], { alpha: float(alpha) });
}

/** ThresholdedRelu. Derivative: the adjoint where the input is larger than `alpha`. */
export const thresholdedReluOperator: Operator = unary('ThresholdedRelu', {
  compute: (node) => {
    const alpha = floatOf(node, 'alpha', 1);
    return (x) => (x > alpha ? x : 0);
  },
  gradient: (b, dy, { x, node }) => mul(b, dy, positive(b, sub(b, x, floatOf(node, 'alpha', 1)))),
});
