import { create } from '@bufbuild/protobuf';
import { elementTypeCodes } from '@datafree/core';
import type { Tensor } from '@datafree/plugin';
import { type TensorProto, TensorProtoSchema } from '../proto/generated/onnx_pb.ts';

/** Writes a tensor: raw little-endian bytes, or strings. */
export function encodeTensor(tensor: Tensor, name = ''): TensorProto {
  const { dtype, dims, data } = tensor;
  const text = new TextEncoder();
  return create(TensorProtoSchema, {
    ...(name === '' ? {} : { name }),
    dims: dims.map(BigInt),
    dataType: elementTypeCodes[dtype],
    ...(isText(data)
      ? { stringData: data.map((value) => text.encode(value)) }
      : { rawData: new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength) }),
  });
}

/** Bytes that a tensor's content takes. */
export function contentBytes({ data }: Tensor): number {
  return isText(data) ? data.reduce((sum, value) => sum + value.length, 0) : data.byteLength;
}

function isText(data: Tensor['data']): data is readonly string[] {
  return Array.isArray(data);
}
