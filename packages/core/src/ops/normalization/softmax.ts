import type { Tensor } from '@datafree/plugin';
import { int, intOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { elementCount, numbersOf, tensorOf } from '../../tensor.ts';
import { exp } from '../elementwise/exp.ts';
import { mul } from '../elementwise/mul.ts';
import { sub } from '../elementwise/sub.ts';
import { normalizeAxis } from '../layout/axis.ts';
import { reduceSum } from '../reduction/reduceSum.ts';

/** `exp(x) / Σ exp(x)` along an axis, the last one when absent; of the shape of `x` (ONNX 13, "Softmax"). */
export function softmax(b: GraphBuilder, x: Value, axis = -1): Value {
  return b.op('Softmax', [x], { axis: int(axis) });
}

/** `x − log Σ exp(x)` along an axis, the last one when absent; of the shape of `x` (ONNX 13, "LogSoftmax"). */
export function logSoftmax(b: GraphBuilder, x: Value, axis = -1): Value {
  return b.op('LogSoftmax', [x], { axis: int(axis) });
}

/** Softmax. Derivative: `dx = y · (dy − Σ dy · y)`. */
export const softmaxOperator: Operator = {
  type: 'Softmax',
  infer: ({ node, inputs: [x] }) => {
    normalizeAxis(intOf(node, 'axis', -1), x!.shape.length);
    return [x!];
  },
  gradient: ({ builder: b, node, outputs: [y] }, [dy]) => {
    const axis = normalizeAxis(intOf(node, 'axis', -1), y!.shape.length);
    const product = mul(b, dy!, y!);
    return [sub(b, product, mul(b, y!, reduceSum(b, product, [axis], true)))];
  },
  evaluate: ({ node, inputs: [x] }) => [
    alongAxis(x!, intOf(node, 'axis', -1), (value, largest, sum) => Math.exp(value - largest) / sum),
  ],
};

/** LogSoftmax. Derivative: `dx = dy − exp(y) · Σ dy`. */
export const logSoftmaxOperator: Operator = {
  type: 'LogSoftmax',
  infer: softmaxOperator.infer,
  gradient: ({ builder: b, node, outputs: [y] }, [dy]) => {
    const axis = normalizeAxis(intOf(node, 'axis', -1), y!.shape.length);
    return [sub(b, dy!, mul(b, exp(b, y!), reduceSum(b, dy!, [axis], true)))];
  },
  evaluate: ({ node, inputs: [x] }) => [
    alongAxis(x!, intOf(node, 'axis', -1), (value, largest, sum) => value - largest - Math.log(sum)),
  ],
};

/** Maps each element, given the largest along the axis and the sum of `exp(x − largest)`. */
function alongAxis(x: Tensor, axis: number, map: (value: number, largest: number, sum: number) => number): Tensor {
  const positive = normalizeAxis(axis, x.dims.length);
  const size = x.dims[positive]!;
  const inner = elementCount(x.dims.slice(positive + 1));
  const data = numbersOf(x);
  const result = new Float64Array(data.length);
  for (let line = 0; line < data.length / Math.max(1, size); line++) {
    const start = Math.floor(line / inner) * size * inner + (line % inner);
    let largest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < size; i++) largest = Math.max(largest, data[start + i * inner]!);
    let sum = 0;
    for (let i = 0; i < size; i++) sum += Math.exp(data[start + i * inner]! - largest);
    for (let i = 0; i < size; i++) {
      const at = start + i * inner;
      result[at] = map(data[at]!, largest, sum);
    }
  }
  return tensorOf(x.dtype, x.dims, result);
}
