import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numbersOf, tensorOf } from './tensor.ts';

describe('tensorOf', () => {
  it('takes as many values as its shape has, or none for zeros', () => {
    expect([...tensorOf('float32', [2], []).data]).toEqual([0, 0]);
    expect([...tensorOf('int64', [2], []).data]).toEqual([0n, 0n]);
    for (const values of [[1], [1, 2, 3]]) {
      for (const dtype of ['float32', 'int64', 'int4', 'float16'] as const) {
        expect(() => tensorOf(dtype, [2], values)).toThrow(`${dtype}[2] has 2 values, ${values.length} are given.`);
      }
    }
  });

  it('refuses element types and dimensions that there are not', () => {
    for (const [dtype, dims] of [
      ['float', [1]],
      ['float32', [-1]],
      ['float32', [0.5]],
    ] as const) {
      expect(() => tensorOf(dtype as 'float32', dims, [])).toThrow(
        expect.objectContaining({ code: 'shape-mismatch', hint: expect.stringContaining('bfloat16') }),
      );
    }
  });

  it('packs two 4-bit integers a byte, the first in the low half', () => {
    const tensor = tensorOf('int4', [3], [-8, 7, -1]);
    expect([...tensor.data]).toEqual([0x78, 0x0f]);
    expect([...Array.from(numbersOf(tensor))]).toEqual([-8, 7, -1]);
    expect(Array.from(numbersOf(tensorOf('uint4', [3], [15, 0, 9])))).toEqual([15, 0, 9]);
  });

  it('stores every half-precision number exactly', () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i).filter((i) => (i & 0x7c00) !== 0x7c00);
    const numbers = numbersOf({ dtype: 'float16', dims: [bits.length], data: bits });
    expect(tensorOf('float16', [bits.length], numbers).data).toEqual(bits);
  });

  it('rounds to the nearest half-precision number, a tie to the even one', () => {
    const written = (x: number) => tensorOf('float16', [], [x]).data[0];
    expect(written(1 + 2 ** -11)).toBe(0x3c00);
    expect(written(1 + 3 * 2 ** -11)).toBe(0x3c02);
    expect(written(65519)).toBe(0x7bff);
    expect(written(65520)).toBe(0x7c00);
    expect(written(2 ** -25)).toBe(0);
    expect(written(Number.NaN)! & 0x7fff).toBeGreaterThan(0x7c00);
  });

  it('keeps 8 bits of a bfloat16', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e30, max: 1e30 }), (x) => {
        const stored = numbersOf(tensorOf('bfloat16', [], [x]))[0] as number;
        expect(Math.abs(stored - x)).toBeLessThanOrEqual(Math.abs(x) * 2 ** -8 + 1e-38);
      }),
    );
    expect(numbersOf(tensorOf('bfloat16', [], [Number.NaN]))[0]).toBeNaN();
  });

  it('truncates 64-bit integers', () => {
    expect([...tensorOf('int64', [2], [-1.9, 2.9]).data]).toEqual([-1n, 2n]);
  });
});
