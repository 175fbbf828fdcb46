import {
  add,
  attribute,
  type GraphBuilder,
  mul,
  numbersOf,
  type Operator,
  sigmoid,
  sub,
  tensorOf,
  type Value,
} from '@datafree/core';
import { DatafreeError, type Node } from '@datafree/plugin';

const domain = 'com.microsoft';
const rateOf = (node: Node): number => attribute.floatOf(node, 'alpha', 1.702);

/** `x · σ(αx)`. */
export function quickGelu(b: GraphBuilder, x: Value, alpha: number): Value {
  return b.op('QuickGelu', [x], { alpha: attribute.float(alpha) }, domain);
}

/** QuickGelu, which onnxruntime has in a domain of its own. Derivative: `σ(αx) · (1 + αx · (1 − σ(αx)))`. */
export const quickGeluOperator: Operator = {
  type: 'QuickGelu',
  domain,
  infer({ inputs: [x] }) {
    if (x?.dtype !== 'float32') throw new DatafreeError('shape-mismatch', 'QuickGelu takes float32.');
    return [x];
  },
  gradient({ node, builder: b, inputs: [x] }, [adjoint]) {
    const scaled = mul(b, x!, rateOf(node));
    const gate = sigmoid(b, scaled);
    return [mul(b, adjoint!, mul(b, gate, add(b, mul(b, scaled, sub(b, 1, gate)), 1)))];
  },
  evaluate({ node, inputs: [x] }) {
    const alpha = rateOf(node);
    const values = Array.from(numbersOf(x!), (value) => value / (1 + Math.exp(-alpha * value)));
    return [tensorOf(x!.dtype, x!.dims, values)];
  },
};
