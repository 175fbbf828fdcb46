/** Element types of a {@link Tensor}; the names are those of ONNX in lower case. */
export type DType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int4'
  | 'uint4'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'bool'
  | 'string';

/**
 * Storage of each element type. `float16` and `bfloat16` hold raw bits; `int4` and `uint4` hold two elements a
 * byte, the first in the low half; `bool` holds 0 or 1.
 */
export interface TensorData {
  float32: Float32Array;
  float64: Float64Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  int4: Uint8Array;
  uint4: Uint8Array;
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
  bool: Uint8Array;
  string: readonly string[];
}

/** A dense row-major array. `dims: []` is a scalar. `data.length` is the product of `dims` (half of it for 4 bits). */
export interface Tensor<T extends DType = DType> {
  readonly dtype: T;
  readonly dims: readonly number[];
  readonly data: TensorData[T];
}

/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;
