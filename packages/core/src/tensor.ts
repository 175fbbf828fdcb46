import { DatafreeError, type DType, type Tensor, type TensorData } from '@datafree/plugin';
import { roundHalfEven } from './rounding.ts';

/** Number of elements of an array of these dimensions; 1 for a scalar. */
export function elementCount(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** True for 32 and 64-bit floats, the types that derivatives are computed in. */
export function isFloat(dtype: DType): dtype is 'float32' | 'float64' {
  return dtype === 'float32' || dtype === 'float64';
}

/** True for 16-bit floats. */
export function isHalf(dtype: DType): dtype is 'float16' | 'bfloat16' {
  return dtype === 'float16' || dtype === 'bfloat16';
}

/**
 * An array of zeros (or false) of the right storage for `dtype`.
 *
 * @throws `shape-mismatch` for an element type that there is not, and a count that is no whole number of at least 0
 */
export function allocate<T extends DType>(dtype: T, count: number): TensorData[T] {
  if (!Object.hasOwn(allocators, dtype) || !Number.isInteger(count) || count < 0) {
    throw new DatafreeError('shape-mismatch', `There is no tensor of ${count} values of type ${dtype}.`, {
      hint: `Take one of the element types ${Object.keys(allocators).join(', ')}, and whole dimensions of at least 0.`,
    });
  }
  return allocators[dtype](count) as TensorData[T];
}

const allocators: { readonly [T in DType]: (count: number) => TensorData[T] } = {
  float32: (n) => new Float32Array(n),
  float64: (n) => new Float64Array(n),
  float16: (n) => new Uint16Array(n),
  bfloat16: (n) => new Uint16Array(n),
  int4: (n) => new Uint8Array((n + 1) >> 1),
  uint4: (n) => new Uint8Array((n + 1) >> 1),
  int8: (n) => new Int8Array(n),
  uint8: (n) => new Uint8Array(n),
  int16: (n) => new Int16Array(n),
  uint16: (n) => new Uint16Array(n),
  int32: (n) => new Int32Array(n),
  uint32: (n) => new Uint32Array(n),
  int64: (n) => new BigInt64Array(n),
  uint64: (n) => new BigUint64Array(n),
  bool: (n) => new Uint8Array(n),
  string: (n) => new Array<string>(n).fill(''),
};

/**
 * Makes a tensor from plain numbers, rounding each to `dtype` as a typed array does: floats to the nearest, integers
 * towards zero and modulo their range. Not for strings. What values there are too few of is 0: `tensorOf(t, dims, [])`
 * is all zeros.
 *
 * @throws `shape-mismatch` for more values than the dimensions have, or some but too few; `not-finite` for NaN and
 *   infinity as an integer of 64 bits
 */
export function tensorOf<T extends DType>(dtype: T, dims: readonly number[], values: ArrayLike<number>): Tensor<T> {
  if (typeof dims?.length !== 'number' || typeof values?.length !== 'number') {
    throw new DatafreeError('shape-mismatch', 'A tensor is made of a list of dimensions and a list of values.', {
      hint: "Call tensorOf('float32', [2], [1, 2]); with [] as values it is all zeros.",
    });
  }
  const count = elementCount(dims);
  if (values.length !== count && values.length !== 0) {
    throw new DatafreeError('shape-mismatch', `${dtype}[${dims}] has ${count} values, ${values.length} are given.`, {
      hint: 'Give as many values as the product of the dimensions, or none for zeros.',
    });
  }
  const data = allocate(dtype, count);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    for (let i = 0; i < data.length; i++) data[i] = wholeOf(values[i] ?? 0, dtype);
  } else if (dtype === 'int4' || dtype === 'uint4') {
    pack4(values, data as Uint8Array);
  } else if (dtype === 'float16' || dtype === 'bfloat16') {
    (data as Uint16Array).set(Array.from(values, dtype === 'float16' ? numberToHalf : numberToBfloat));
  } else {
    (data as Float32Array).set(values);
  }
  return { dtype, dims, data };
}

function wholeOf(value: number | bigint, dtype: DType): bigint {
  if (typeof value === 'bigint') return value;
  if (Number.isFinite(value)) return BigInt(Math.trunc(value));
  throw new DatafreeError('not-finite', `${value} has no value as ${dtype}.`);
}

/** A one-element tensor of rank 0. */
export function scalarOf<T extends DType>(dtype: T, value: number): Tensor<T> {
  return tensorOf(dtype, [], [value]);
}

/** An int64 vector, as ONNX wants for shapes, axes and pads. */
export function int64Of(values: readonly number[]): Tensor<'int64'> {
  return tensorOf('int64', [values.length], values);
}

/** The elements as numbers, without a copy where the storage already holds numbers. */
export function numbersOf(tensor: Tensor): ArrayLike<number> {
  const { data } = tensor;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number);
  if (tensor.dtype === 'int4' || tensor.dtype === 'uint4') return unpack4(tensor);
  if (tensor.dtype === 'float16') return Float64Array.from(data as Uint16Array, halfToNumber);
  if (tensor.dtype === 'bfloat16') return Float64Array.from(data as Uint16Array, bfloatToNumber);
  if (tensor.dtype === 'string') throw new TypeError('A string tensor has no numbers.');
  return data as Exclude<TensorData[DType], readonly string[] | BigInt64Array | BigUint64Array>;
}

/** A float32 copy-free view where possible, otherwise a converted copy. */
export function float32Of(tensor: Tensor): Float32Array {
  return tensor.data instanceof Float32Array ? tensor.data : Float32Array.from(numbersOf(tensor));
}

function unpack4(tensor: Tensor): Int8Array {
  const packed = tensor.data as Uint8Array;
  const values = new Int8Array(elementCount(tensor.dims));
  const signed = tensor.dtype === 'int4';
  for (let i = 0; i < values.length; i++) {
    const nibble = ((packed[i >> 1] as number) >> ((i & 1) * 4)) & 15;
    values[i] = signed && nibble > 7 ? nibble - 16 : nibble;
  }
  return values;
}

function pack4(values: ArrayLike<number>, packed: Uint8Array): void {
  for (let i = 0; i < values.length; i++) packed[i >> 1]! |= ((values[i] as number) & 15) << ((i & 1) * 4);
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const word = new Uint32Array(1);
const wordAsFloat = new Float32Array(word.buffer);

function bfloatToNumber(bits: number): number {
  word[0] = bits << 16;
  return wordAsFloat[0] as number;
}

function numberToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | roundHalfEven(size * 2 ** 24);
  let exponent = Math.floor(Math.log2(size));
  if (2 ** exponent > size) exponent--;
  // A mantissa rounded up to 1024 carries into the exponent, which is what it should do.
  return sign | (((exponent + 15) << 10) + roundHalfEven((size / 2 ** exponent - 1) * 1024));
}

function numberToBfloat(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  wordAsFloat[0] = value;
  const bits = word[0] as number;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}
