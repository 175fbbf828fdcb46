import { elementTypeOf } from '@datafree/core';
import { DatafreeError, type Dim, isDatafreeError, type ValueInfo } from '@datafree/plugin';
import type { TypeProto_Tensor, ValueInfoProto } from '../proto/generated/onnx_pb.ts';
import { unknownRank } from '../rank.ts';

/**
 * Reads name, type and shape of a graph input or output. A free dimension without a name, or with a size below 1,
 * is named after the value and its axis: "input.2".
 *
 * @throws `input-unsupported` for a sequence, map, optional or sparse tensor and for an unknown element type
 */
export function decodeValueInfo(proto: ValueInfoProto): ValueInfo {
  const { name } = proto;
  const tensor = tensorTypeOf(proto);
  if (tensor === undefined) {
    const found = proto.type?.value.case?.replace(/Type$/, '') ?? 'value without type';
    throw new DatafreeError('input-unsupported', `"${name}" is a ${found}, only tensors are supported.`, {
      tensor: name,
    });
  }
  try {
    return { name, dtype: elementTypeOf(tensor.elemType), shape: shapeOf(name, tensor) };
  } catch (error) {
    if (!isDatafreeError(error)) throw error;
    throw new DatafreeError('input-unsupported', `"${name}": ${error.message}`, { tensor: name, cause: error });
  }
}

/** The tensor type of a value, where it has one. */
export function tensorTypeOf(proto: ValueInfoProto): TypeProto_Tensor | undefined {
  return proto.type?.value.case === 'tensorType' ? proto.type.value.value : undefined;
}

function shapeOf(name: string, tensor: TypeProto_Tensor): readonly Dim[] {
  if (tensor.shape === undefined) return unknownRank;
  return tensor.shape.dim.map(({ value }, axis): Dim => {
    if (value.case === 'dimValue' && value.value > 0n) return Number(value.value);
    if (value.case === 'dimParam' && value.value !== '') return value.value;
    return `${name}.${axis}`;
  });
}
