import { allocate, elementCount, elementTypeOf } from '@datafree/core';
import { DatafreeError, type DType, isDatafreeError, type Tensor } from '@datafree/plugin';
import { type TensorProto, TensorProto_DataLocation, TensorProto_DataType } from '../proto/generated/onnx_pb.ts';
import type { ExternalData } from './external.ts';

/**
 * Reads a tensor from raw bytes, from the typed fields or from a side file.
 *
 * @throws `unsupported` for an element type that datafree has not, `model-invalid` when content and shape do not
 *   match, `external-data-missing`
 */
export function decodeTensor(proto: TensorProto, external: ExternalData): Tensor {
  const dtype = dtypeOf(proto);
  const dims = proto.dims.map(Number);
  if (dims.some((dim) => dim < 0)) throw invalid(proto, `has the shape [${dims}]`);
  const count = elementCount(dims);
  const stored = proto.dataLocation === TensorProto_DataLocation.EXTERNAL ? external.read(proto) : rawData(proto);
  if (stored !== undefined) return { dtype, dims, data: fromBytes(proto, dtype, count, stored) };
  const values = typedData(proto, dtype);
  const expected = is4Bit(dtype) ? (count + 1) >> 1 : count;
  if (values.length !== expected) {
    throw invalid(proto, `has ${values.length} elements, its shape [${dims}] needs ${expected}`);
  }
  if (dtype === 'string') {
    const text = new TextDecoder();
    return { dtype, dims, data: (values as Uint8Array[]).map((bytes) => text.decode(bytes)) };
  }
  const data = allocate(dtype, count);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    (values as (bigint | number)[]).forEach((value, i) => {
      data[i] = BigInt(value);
    });
  } else {
    const numbers = data as Float32Array;
    for (let i = 0; i < expected; i++) numbers[i] = Number(values[i]);
  }
  return { dtype, dims, data };
}

/** What a message calls a tensor. */
function labelOf(proto: TensorProto): string {
  return proto.name === '' ? 'A constant' : `Initializer "${proto.name}"`;
}

function dtypeOf(proto: TensorProto): DType {
  try {
    return elementTypeOf(proto.dataType);
  } catch (error) {
    if (!isDatafreeError(error)) throw error;
    const name = Object.entries(TensorProto_DataType).find(([, code]) => code === proto.dataType)?.[0];
    throw new DatafreeError(
      'unsupported',
      `${labelOf(proto)} is of the element type ${name ?? proto.dataType}, which is not supported.`,
      {
        tensor: proto.name,
        hint: 'Export the network with 32-bit floating-point weights.',
        cause: error,
      },
    );
  }
}

function rawData(proto: TensorProto): Uint8Array | undefined {
  return proto.dataType === TensorProto_DataType.STRING || proto.rawData.length === 0 ? undefined : proto.rawData;
}

function fromBytes(proto: TensorProto, dtype: DType, count: number, bytes: Uint8Array): Tensor['data'] {
  const expected = byteLength(dtype, count);
  if (bytes.length !== expected) {
    throw invalid(proto, `has ${bytes.length} bytes, its shape [${proto.dims}] of ${dtype} needs ${expected}`);
  }
  const data = allocate(dtype, count) as Exclude<Tensor['data'], readonly string[]>;
  // A copy: the bytes in the file need not be aligned, and a view would keep the whole file in memory.
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength).set(bytes);
  return data;
}

/** Bytes that `count` elements take in raw storage. */
function byteLength(dtype: DType, count: number): number {
  if (dtype === 'string') return 0;
  if (is4Bit(dtype)) return (count + 1) >> 1;
  return count * (allocate(dtype, 0) as Uint8Array).BYTES_PER_ELEMENT;
}

function is4Bit(dtype: DType): boolean {
  return dtype === 'int4' || dtype === 'uint4';
}

function typedData(proto: TensorProto, dtype: DType): readonly (number | bigint | Uint8Array)[] {
  switch (dtype) {
    case 'float32':
      return proto.floatData;
    case 'float64':
      return proto.doubleData;
    case 'int64':
      return proto.int64Data;
    case 'uint32':
    case 'uint64':
      return proto.uint64Data;
    case 'string':
      return proto.stringData;
    default:
      return proto.int32Data;
  }
}

function invalid(proto: TensorProto, what: string): DatafreeError {
  return new DatafreeError('model-invalid', `${labelOf(proto)} ${what}.`, { tensor: proto.name });
}
