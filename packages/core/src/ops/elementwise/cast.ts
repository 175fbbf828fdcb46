import { DatafreeError, type DType, type Node, type Tensor } from '@datafree/plugin';
import { elementTypeCodes, elementTypeOf } from '../../elementType.ts';
import { int, intOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { isFloat } from '../../tensor.ts';
import { mapBroadcast } from './broadcast.ts';

/** The same numbers as another element type. */
export function cast(b: GraphBuilder, x: Value, dtype: DType): Value {
  return x.dtype === dtype ? x : b.op('Cast', [x], { to: int(elementTypeCodes[dtype]) });
}

/** Cast. Derivative: the adjoint, cast back. */
export const castOperator: Operator = {
  type: 'Cast',
  infer: ({ node, inputs }) => [{ dtype: target(node), shape: inputs[0]!.shape }],
  gradient: ({ builder, inputs: [x] }, [dy]) => [castBack(builder, dy!, x!)],
  evaluate: ({ node, inputs }) => [convert(inputs[0]!, target(node))],
};

/** CastLike: a cast to the element type of the second input. */
export const castLikeOperator: Operator = {
  type: 'CastLike',
  infer: ({ inputs: [x, like] }) => [{ dtype: like!.dtype, shape: x!.shape }],
  gradient: ({ builder, inputs: [x] }, [dy]) => [castBack(builder, dy!, x!), undefined],
  evaluate: ({ inputs: [x, like] }) => [convert(x!, like!.dtype)],
};

function target(node: Node): DType {
  return elementTypeOf(intOf(node, 'to'));
}

function castBack(b: GraphBuilder, dy: Value, x: Value): Value | undefined {
  return isFloat(x.dtype) ? cast(b, dy, x.dtype) : undefined;
}

function convert(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x;
  if (x.dtype === 'string' || dtype === 'string') {
    throw new DatafreeError('unsupported', 'Casts from and to strings are not supported.');
  }
  return mapBroadcast([x], dtype === 'bool' ? (value) => Number(value !== 0) : (value) => value, dtype);
}
