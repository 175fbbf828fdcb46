import { float, floatOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { mul } from '../elementwise/mul.ts';
import { unary } from '../elementwise/unary.ts';
import { between } from './positive.ts';

/** `min(max(alpha · x + beta, 0), 1)`, element by element (ONNX, "HardSigmoid"). */
export function hardSigmoid(b: GraphBuilder, x: Value, alpha = 0.2, beta = 0.5): Value {
  return b.op('HardSigmoid', [x], { alpha: float(alpha), beta: float(beta) });
}

/** HardSigmoid. Derivative: the adjoint times `alpha` strictly between 0 and 1, else 0. */
export const hardSigmoidOperator: Operator = unary('HardSigmoid', {
  compute: (node) => {
    const alpha = floatOf(node, 'alpha', 0.2);
    const beta = floatOf(node, 'beta', 0.5);
    return (x) => Math.min(Math.max(alpha * x + beta, 0), 1);
  },
  gradient: (b, dy, { y, node }) => mul(b, dy, mul(b, insideUnit(b, y), floatOf(node, 'alpha', 0.2))),
});

/** 1 where a value between 0 and 1 is strictly between them, else 0. */
export function insideUnit(b: GraphBuilder, y: Value): Value {
  return between(b, y, 0, 1);
}
