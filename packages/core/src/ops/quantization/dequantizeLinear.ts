import type { Tensor } from '@datafree/plugin';
import { attributes, int } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { tensorOf } from '../../tensor.ts';
import { checkGranularity, mapQuantized } from './granularity.ts';

/**
 * `(x − zeroPoint) · scale`, of the scale's type.
 *
 * @param axis the axis along which scale and zero point are vectors; absent when they are scalars
 */
export function dequantizeLinear(b: GraphBuilder, x: Value, scale: Value, zeroPoint?: Value, axis?: number): Value {
  const own = axis === undefined ? undefined : int(axis);
  return b.op('DequantizeLinear', [x, scale, ...(zeroPoint ? [zeroPoint] : [])], attributes({ axis: own }));
}

/**
 * DequantizeLinear, with one scale or one for each entry of an axis, with and without zero point. No
 * derivative is written to its scale: a scale that is to be trained uses {@link learnedStep}. Stored weights stay in
 * front of it: integer kernels are found by them, and onnxruntime rounds a weight in floating point that stands beside
 * a quantised activation once more, all of its channels in one step.
 */
export const dequantizeLinearOperator: Operator = {
  type: 'DequantizeLinear',
  unfolded: true,
  infer: ({ node, inputs }) => {
    checkGranularity(node, inputs);
    return [{ dtype: inputs[1]!.dtype, shape: inputs[0]!.shape }];
  },
  evaluate: ({ node, inputs }) => {
    const [x, scale] = inputs as [Tensor, Tensor];
    const values = mapQuantized(node, inputs, (value, step, zeroPoint) => (value - zeroPoint) * step);
    return [tensorOf(scale.dtype, x.dims, values)];
  },
};
