import { elementCount } from '@datafree/core';
import { DatafreeError, type Tensor } from '@datafree/plugin';
import { readData, statData, uncompressedName } from './bytes.ts';
import { decodeNpy, type NpyDType } from './npy.ts';
import { fileRows, memoryRows, type Rows } from './rows.ts';

/**
 * Raw bytes, sample after sample without a header: `.u8` are uint8, `.i8` int8. Plain files are read piece by piece;
 * `.gz` is inflated as a whole.
 *
 * @param stored shape of one sample in the file
 * @throws `data-not-found`, `data-shape` when the file does not hold whole samples
 */
export async function openRaw(path: string, stored: readonly number[]): Promise<Rows> {
  const dtype = uncompressedName(path).endsWith('.i8') ? 'int8' : 'uint8';
  const bytes = path.toLowerCase().endsWith('.gz') ? await readData(path) : undefined;
  const length = bytes?.length ?? (await statData(path)).size;
  const size = elementCount(stored);
  if (size === 0 || length % size !== 0) {
    throw new DatafreeError(
      'data-shape',
      `${path}: ${length} bytes do not make whole samples of shape [${stored.join(', ')}].`,
      {
        path,
        hint: 'Give the shape of one sample as it lies in the file: H,W,C.',
      },
    );
  }
  const count = length / size;
  if (bytes === undefined) return fileRows(path, { dtype, count, stored, offset: 0 });
  const data = dtype === 'int8' ? new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length) : bytes;
  return memoryRows(path, { dtype, dims: [count, ...stored], data } as Tensor<NpyDType>, stored);
}

/**
 * Reads labels: `.npy`, `.u8` (one byte each) or `.u16` (two bytes, little-endian), each with `.gz` too. A file of
 * another name is told by its size.
 *
 * @param count how many samples the labels are for
 * @throws `data-not-found`, `data-format`, `labels-length` when the size fits neither one nor two bytes a label
 */
export async function readLabels(path: string, count: number): Promise<Tensor<NpyDType>> {
  const bytes = await readData(path);
  const name = uncompressedName(path);
  if (name.endsWith('.npy')) return decodeNpy(bytes, path);
  const wide = name.endsWith('.u16') || (!name.endsWith('.u8') && bytes.length === 2 * count);
  if (wide && bytes.length % 2 !== 0) {
    throw new DatafreeError('labels-length', `${path}: ${bytes.length} bytes do not make whole 16-bit labels.`, {
      path,
      hint: 'Give one byte a label (.u8), two (.u16), or an .npy file.',
    });
  }
  if (!wide) return { dtype: 'uint8', dims: [bytes.length], data: bytes };
  return { dtype: 'uint16', dims: [bytes.length / 2], data: new Uint16Array(Uint8Array.from(bytes).buffer) };
}
