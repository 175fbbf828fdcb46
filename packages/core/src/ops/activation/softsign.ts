import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { abs } from '../elementwise/abs.ts';
import { mul } from '../elementwise/mul.ts';
import { sub } from '../elementwise/sub.ts';
import { unary } from '../elementwise/unary.ts';

/** `x / (1 + |x|)`, element by element (ONNX, "Softsign"). */
export function softsign(b: GraphBuilder, x: Value): Value {
  return b.op('Softsign', [x]);
}

/** Softsign. Derivative: `dy · (1 − |y|)²`. */
export const softsignOperator: Operator = unary('Softsign', {
  compute: () => (x) => x / (1 + Math.abs(x)),
  gradient: (b, dy, { y }) => {
    const rest = sub(b, 1, abs(b, y));
    return mul(b, dy, mul(b, rest, rest));
  },
});
