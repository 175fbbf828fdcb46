import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { encodeNpy } from './npy.ts';
import { decodeNpz } from './npz.ts';

/** numpy 2.4: savez_compressed(file, x=arange(12, dtype='u1').reshape(1, 2, 2, 3), y=array([7])) */
const written =
  'UEsDBC0AAAAIAAAAIQBvVnzQ//////////8FABQAeC5ucHkBABAAjAAAAAAAAABVAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loF5Taqiuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GoY6CkZgZKypo1CrQAbgYmBkYmZhZWPn4OTiBgBQSwMELQAAAAgAAAAhALmTe5j//////////wUAFAB5Lm5weQEAEACIAAAAAAAAAEgAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbpNpoa6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkahjqaOgq1ChQALnYGCAAAUEsBAi0DLQAAAAgAAAAhAG9WfNBVAAAAjAAAAAUAAAAAAAAAAAAAAIABAAAAAHgubnB5UEsBAi0DLQAAAAgAAAAhALmTe5hIAAAAiAAAAAUAAAAAAAAAAAAAAIABjAAAAHkubnB5UEsFBgAAAAACAAIAZgAAAAsBAAAAAA==';

const array = (...data: number[]): Uint8Array =>
  encodeNpy({ dtype: 'uint8', dims: [data.length], data: Uint8Array.from(data) });

describe('decodeNpz', () => {
  it('reads what numpy writes', () => {
    const { samples, labels } = decodeNpz(Buffer.from(written, 'base64'));
    expect(samples).toEqual({ dtype: 'uint8', dims: [1, 2, 2, 3], data: Uint8Array.from({ length: 12 }, (_, i) => i) });
    expect(labels).toEqual({ dtype: 'int64', dims: [1], data: BigInt64Array.of(7n) });
  });

  it.each(['x', 'samples', 'images', 'data'])('finds samples named %s', (name) => {
    const { samples, labels } = decodeNpz(
      zipSync({ 'other.npy': array(9), [`${name}.npy`]: array(1), 'labels.npy': array(2) }),
    );
    expect(samples.data).toEqual(Uint8Array.of(1));
    expect(labels?.data).toEqual(Uint8Array.of(2));
  });

  it('takes a lone array of any name', () => {
    expect(decodeNpz(zipSync({ 'arr_0.npy': array(3), 'readme.txt': array() }))).toEqual({
      samples: { dtype: 'uint8', dims: [1], data: Uint8Array.of(3) },
    });
  });

  it('refuses arrays whose meaning is not known, naming them', () => {
    const bytes = zipSync({ 'a.npy': array(1), 'b.npy': array(2) });
    expect(() => decodeNpz(bytes, 'f.npz')).toThrow(expect.objectContaining({ code: 'data-format' }));
    expect(() => decodeNpz(bytes, 'f.npz')).toThrow(/f\.npz: none of its arrays \(a, b\)/);
  });

  it('refuses what is no zip file, and one that is cut off', () => {
    const bytes = zipSync({ 'x.npy': array(1) });
    for (const broken of [new Uint8Array(), Buffer.from('hello'), bytes.subarray(0, bytes.length - 30)]) {
      expect(() => decodeNpz(broken)).toThrow(expect.objectContaining({ code: 'data-format' }));
    }
  });
});
