import { createHash } from 'node:crypto';
import { allocate, elementCount } from '@datafree/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeNpy, encodeNpy, type NpyDType, readNpyHeader } from './npy.ts';

const dtypes: NpyDType[] = [
  'float16',
  'float32',
  'float64',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
];

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A file as numpy 2.4 writes it: its header line, and the base64 of its elements. */
function file(header: string, elements: string): Uint8Array {
  const text = `${header.padEnd(117)}\n`;
  const prefix = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
  return Buffer.concat([prefix, Buffer.from(text), Buffer.from(elements, 'base64')]);
}

describe('encodeNpy', () => {
  it('writes the bytes that numpy.save writes', () => {
    // sha256 of numpy.save(arange(6, dtype='<f4').reshape(2, 3)) and numpy.save(arange(5, dtype='u1'))
    expect(sha256(encodeNpy({ dtype: 'float32', dims: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) }))).toBe(
      '47d9cb788e60cfff38faf2237400d94063bde1f42a0ad39297e02642caca6b56',
    );
    expect(sha256(encodeNpy({ dtype: 'uint8', dims: [5], data: Uint8Array.of(0, 1, 2, 3, 4) }))).toBe(
      'b7b25238bfcd091e399f01c1ca8e20f4edf733f96817b3e44cf974be24b9042c',
    );
  });

  it('is undone by decodeNpy for every element type and rank', () => {
    const arrays = fc
      .tuple(fc.constantFrom(...dtypes), fc.array(fc.nat(4), { maxLength: 5 }))
      .chain(([dtype, dims]) => {
        const bytes = allocate(dtype, elementCount(dims)).byteLength;
        return fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((raw) => {
          const data = allocate(dtype, elementCount(dims));
          new Uint8Array(data.buffer).set(raw);
          return { dtype, dims, data };
        });
      });
    fc.assert(
      fc.property(arrays, (array) => {
        const bytes = encodeNpy(array);
        expect(readNpyHeader(bytes).offset % 64).toBe(0);
        const back = decodeNpy(bytes);
        expect(back.dtype).toBe(array.dtype);
        expect(back.dims).toEqual(array.dims);
        expect(Buffer.from(back.data.buffer)).toEqual(Buffer.from(array.data.buffer));
      }),
    );
  });

  it('writes views without what lies around them', () => {
    const data = Int16Array.of(1, 2, 3, 4).subarray(1, 3);
    expect(decodeNpy(encodeNpy({ dtype: 'int16', dims: [2], data })).data).toEqual(Int16Array.of(2, 3));
  });
});

describe('decodeNpy', () => {
  it('puts column-major arrays into row-major order', () => {
    const array = decodeNpy(file("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", 'AAMBBAIF'));
    expect(array).toEqual({ dtype: 'uint8', dims: [2, 3], data: Uint8Array.of(0, 1, 2, 3, 4, 5) });
  });

  it('puts column-major arrays of any rank into row-major order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }), (dims) => {
        const count = elementCount(dims);
        const columnMajor = Array.from({ length: count }, (_, i) => {
          // Position i of a column-major array, as a row-major number.
          let rest = i;
          let value = 0;
          dims.forEach((dim, axis) => {
            value += (rest % dim) * elementCount(dims.slice(axis + 1));
            rest = Math.floor(rest / dim);
          });
          return value;
        });
        const text = `{'descr': '|u1', 'fortran_order': True, 'shape': (${dims.map((dim) => `${dim},`).join('')}), }`;
        const read = decodeNpy(file(text, Buffer.from(columnMajor).toString('base64')));
        expect(Array.from(read.data as Uint8Array)).toEqual(Array.from({ length: count }, (_, i) => i));
      }),
    );
  });

  it('reads 16-bit floats, 64-bit integers and old shapes with L', () => {
    const half = decodeNpy(file("{'descr': '<f2', 'fortran_order': False, 'shape': (4,), }", 'AD4AwO8DAHw='));
    expect(half.data).toEqual(Uint16Array.of(0x3e00, 0xc000, 0x03ef, 0x7c00));
    const long = decodeNpy(
      file("{'descr': '<i8', 'fortran_order': False, 'shape': (2L, 1L), }", '/f////////8EAAAAAAAAAA=='),
    );
    expect(long).toEqual({ dtype: 'int64', dims: [2, 1], data: BigInt64Array.of(-3n, 4n) });
  });

  it('reads format versions 2 and 3', () => {
    const text = "{'descr': '<u2', 'fortran_order': False, 'shape': (), }\n";
    for (const version of [2, 3]) {
      const head = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0, text.length, 0, 0, 0]);
      const array = decodeNpy(Buffer.concat([head, Buffer.from(text), Buffer.from([1, 2])]));
      expect(array).toEqual({ dtype: 'uint16', dims: [], data: Uint16Array.of(0x201) });
    }
  });

  const header = (descr: string): string => `{'descr': ${descr}, 'fortran_order': False, 'shape': (2,), }`;
  it.each([
    ['no npy', Buffer.from('PK and so on, not npy'), /not an npy file/],
    ['nothing', Buffer.alloc(0), /not an npy file/],
    ['pickled objects', file(header("'|O'"), ''), /never loaded/],
    ['structured elements', file(header("[('a', '<f4')]"), ''), /structured/],
    ['big-endian numbers', file(header("'>f4'"), ''), /big-endian/],
    ['complex numbers', file(header("'<c8'"), ''), /"<c8" cannot be used/],
    ['a cut header', file(header("'<f4'"), '').subarray(0, 60), /inside its header/],
    ['cut elements', file(header("'<f4'"), 'AAAAAA=='), /8 bytes of elements are announced, 4 are there/],
    ['a negative shape', file("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", ''), /not valid/],
    ['an unknown version', Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 9, 0, 0, 0]), /version 9/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeNpy(bytes, 'a.npy')).toThrow(expect.objectContaining({ code: 'data-format', path: 'a.npy' }));
    expect(() => decodeNpy(bytes, 'a.npy')).toThrow(message);
  });
});
