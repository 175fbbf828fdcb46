import { DatafreeError, type DType, type Node, type Tensor } from '@datafree/plugin';
import { elementTypeOf } from '../../elementType.ts';
import { attributes, int, intOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { roundHalfEven } from '../../rounding.ts';
import { tensorOf } from '../../tensor.ts';
import { checkGranularity, mapQuantized } from './granularity.ts';
import { integerRange } from './integerRange.ts';

/**
 * `saturate(round(x / scale) + zeroPoint)`, of the zero point's type.
 *
 * @param axis the axis along which scale and zero point are vectors; absent when they are scalars
 */
export function quantizeLinear(b: GraphBuilder, x: Value, scale: Value, zeroPoint: Value, axis?: number): Value {
  const own = axis === undefined ? undefined : int(axis);
  return b.op('QuantizeLinear', [x, scale, zeroPoint], attributes({ axis: own }));
}

/**
 * QuantizeLinear, with one scale or one for each entry of an axis. A half is rounded to the even number. No
 * adjoint passes through its integers, since its derivative is zero almost everywhere: what is to be trained uses
 * {@link fakeQuantize} or {@link learnedStep}.
 */
export const quantizeLinearOperator: Operator = {
  type: 'QuantizeLinear',
  infer: ({ node, inputs }) => {
    checkGranularity(node, inputs);
    const dtype = outputType(node, inputs[2]?.dtype);
    integerRange(dtype);
    return [{ dtype, shape: inputs[0]!.shape }];
  },
  evaluate: ({ node, inputs }) => {
    const x = inputs[0] as Tensor;
    const dtype = outputType(node, inputs[2]?.dtype);
    const [low, high] = integerRange(dtype);
    // Runtimes divide in the element type of x, which decides what becomes of a half.
    const quotient = x.dtype === 'float32' ? Math.fround : (value: number) => value;
    const values = mapQuantized(node, inputs, (value, scale, zeroPoint) =>
      Math.min(high, Math.max(low, roundHalfEven(quotient(value / scale)) + zeroPoint)),
    );
    return [tensorOf(dtype, x.dims, values)];
  },
};

function outputType(node: Node, zeroPoint: DType | undefined): DType {
  const code = intOf(node, 'output_dtype', 0);
  const stated = code === 0 ? undefined : elementTypeOf(code);
  if (stated !== undefined && zeroPoint !== undefined && stated !== zeroPoint) {
    throw new DatafreeError(
      'attribute-invalid',
      `output_dtype ${stated} and a zero point of type ${zeroPoint} differ.`,
    );
  }
  return zeroPoint ?? stated ?? 'uint8';
}
