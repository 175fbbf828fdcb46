import { allocate, elementCount } from '@datafree/core';
import { DatafreeError, type Tensor } from '@datafree/plugin';

/** Element types that a `.npy` file can hold here. */
export type NpyDType =
  | 'float16'
  | 'float32'
  | 'float64'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64';

const descriptors: Readonly<Record<NpyDType, string>> = {
  float16: '<f2',
  float32: '<f4',
  float64: '<f8',
  int8: '|i1',
  uint8: '|u1',
  int16: '<i2',
  uint16: '<u2',
  int32: '<i4',
  uint32: '<u4',
  int64: '<i8',
  uint64: '<u8',
};

/** What the header of a `.npy` file says. */
export interface NpyHeader {
  readonly dtype: NpyDType;
  readonly dims: readonly number[];
  /** True when the first axis runs fastest (column-major). */
  readonly fortran: boolean;
  /** Where the elements start, in bytes from the start of the file. */
  readonly offset: number;
}

/** More than the longest header that {@link readNpyHeader} accepts. */
export const npyHeaderBound = 1 << 16;

/** Bytes of one element. */
export function elementBytes(dtype: NpyDType): number {
  return Number(descriptors[dtype].slice(2));
}

/**
 * Reads the header of a `.npy` file, format versions 1 to 3.
 *
 * @param bytes the start of the file, {@link npyHeaderBound} bytes where it is that long
 * @param name told in errors
 * @throws `data-format` when it is no npy, or of big-endian, structured or pickled elements
 */
export function readNpyHeader(bytes: Uint8Array, name = 'array'): NpyHeader {
  const broken = (problem: string, hint = 'Save it anew with numpy.save.'): DatafreeError =>
    new DatafreeError('data-format', `${name}: ${problem}.`, { path: name, hint });
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (bytes.length < 10 || !magic.every((byte, i) => bytes[i] === byte)) throw broken('this is not an npy file');
  const version = bytes[6] as number;
  if (version < 1 || version > 3) throw broken(`npy format version ${version} is unknown`);
  const start = version === 1 ? 10 : 12;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < start) throw broken('the file ends inside its header');
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (start + length > npyHeaderBound) throw broken(`a header of ${length} bytes is too long`);
  if (start + length > bytes.length) throw broken('the file ends inside its header');
  const text = new TextDecoder().decode(bytes.subarray(start, start + length));

  const descriptor = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  if (descriptor === undefined) throw broken('structured elements are not samples', 'Save one plain array of numbers.');
  if (descriptor.includes('O')) {
    throw broken('it holds pickled Python objects, which are never loaded', 'Save an array of numbers.');
  }
  const endian = descriptor[0] === '=' || descriptor[0] === '|' ? '' : descriptor[0];
  const dtype = (Object.keys(descriptors) as NpyDType[]).find(
    (candidate) => descriptors[candidate].slice(1) === descriptor.slice(1),
  );
  if (dtype === undefined) {
    throw broken(`elements of type "${descriptor}" cannot be used`, 'Save float32, or uint8 for pixels.');
  }
  if (endian === '>' && elementBytes(dtype) > 1) {
    throw broken('its numbers are big-endian', "Convert them: array.astype(array.dtype.newbyteorder('<')).");
  }
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape'\s*:\s*\(([^)]*)\)/.exec(text)?.[1];
  if (fortran === undefined || shape === undefined) throw broken('the header lacks its order or shape');
  const dims = shape
    .split(',')
    .map((dim) => dim.trim().replace(/L$/, ''))
    .filter((dim) => dim !== '')
    .map(Number);
  if (!dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0)) throw broken(`the shape (${shape}) is not valid`);
  return { dtype, dims, fortran: fortran === 'True', offset: start + length };
}

/**
 * Reads a whole `.npy` file; column-major arrays become row-major. Nothing is ever unpickled.
 *
 * @param name told in errors
 * @throws `data-format` as {@link readNpyHeader}, and when the file is shorter than its shape says
 */
export function decodeNpy(bytes: Uint8Array, name = 'array'): Tensor<NpyDType> {
  const { dtype, dims, fortran, offset } = readNpyHeader(bytes, name);
  const data = elementsOf(dtype, bytes.subarray(offset), elementCount(dims), name);
  return fortran ? rowMajor({ dtype, dims, data }) : { dtype, dims, data };
}

/**
 * Copies little-endian elements out of bytes.
 *
 * @throws `data-format` when there are too few bytes
 */
export function elementsOf<T extends NpyDType>(
  dtype: T,
  bytes: Uint8Array,
  count: number,
  name: string,
): Tensor<T>['data'] {
  const size = count * elementBytes(dtype);
  if (bytes.length < size) {
    throw new DatafreeError(
      'data-format',
      `${name}: ${size} bytes of elements are announced, ${bytes.length} are there.`,
      {
        path: name,
        hint: 'The file is cut off: copy or make it again.',
      },
    );
  }
  const data = allocate(dtype, count) as Exclude<Tensor<T>['data'], readonly string[]>;
  new Uint8Array(data.buffer).set(bytes.subarray(0, size));
  return data;
}

/** Writes a `.npy` file (format version 1.0, row-major, little-endian). */
export function encodeNpy({ dtype, dims, data }: Tensor<NpyDType>): Uint8Array {
  const shape = dims.length === 1 ? `${dims[0]},` : dims.join(', ');
  const dictionary = `{'descr': '${descriptors[dtype]}', 'fortran_order': False, 'shape': (${shape}), }`;
  const length = Math.ceil((10 + dictionary.length + 1) / 64) * 64;
  const bytes = new Uint8Array(length + data.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, (length - 10) & 255, (length - 10) >> 8]);
  bytes.set(new TextEncoder().encode(`${dictionary.padEnd(length - 11)}\n`), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), length);
  return bytes;
}

function rowMajor<T extends NpyDType>({ dtype, dims, data }: Tensor<T>): Tensor<T> {
  const from = data as Float32Array;
  const to = allocate(dtype, from.length) as Float32Array;
  const index = new Array<number>(dims.length).fill(0);
  const strides = dims.map((_, axis) => elementCount(dims.slice(0, axis)));
  for (let i = 0; i < from.length; i++) {
    to[i] = from[index.reduce((sum, position, axis) => sum + position * strides[axis]!, 0)] as number;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      if (index[axis]! < dims[axis]!) break;
      index[axis] = 0;
    }
  }
  return { dtype, dims, data: to as unknown as Tensor<T>['data'] };
}
