import { elementCount } from '@datafree/core';
import { DatafreeError, type Tensor } from '@datafree/plugin';
import { openFile } from './bytes.ts';
import { elementBytes, elementsOf, type NpyDType } from './npy.ts';

/** Stored samples that can be read piece by piece. */
export interface Rows {
  /** Told in errors: the file's path. */
  readonly name: string;
  readonly dtype: NpyDType;
  readonly count: number;
  /** Shape of one stored sample. */
  readonly stored: readonly number[];
  /** Opens them for one pass. */
  open(): Promise<RowReader>;
}

/** One pass over {@link Rows}. */
interface RowReader {
  read(start: number, end: number): Promise<Tensor<NpyDType>>;
  close(): Promise<void>;
}

/** Rows of an array in memory. */
export function memoryRows(name: string, array: Tensor<NpyDType>, stored: readonly number[]): Rows {
  const size = elementCount(stored);
  return {
    name,
    dtype: array.dtype,
    count: size === 0 ? 0 : elementCount(array.dims) / size,
    stored,
    async open() {
      return {
        async read(start, end) {
          const data = array.data.subarray(start * size, end * size) as Tensor<NpyDType>['data'];
          return { dtype: array.dtype, dims: [end - start, ...stored], data };
        },
        async close() {},
      };
    },
  };
}

/** Rows of a file, from a byte offset on; only what is asked for is read. */
export function fileRows(
  path: string,
  { dtype, count, stored, offset }: { dtype: NpyDType; count: number; stored: readonly number[]; offset: number },
): Rows {
  const bytes = elementCount(stored) * elementBytes(dtype);
  return {
    name: path,
    dtype,
    count,
    stored,
    async open() {
      const file = await openFile(path);
      return {
        async read(start, end) {
          const buffer = new Uint8Array((end - start) * bytes);
          let filled = 0;
          while (filled < buffer.length) {
            const { bytesRead } = await file.read(
              buffer,
              filled,
              buffer.length - filled,
              offset + start * bytes + filled,
            );
            if (bytesRead === 0) {
              throw new DatafreeError('data-format', `${path}: the file ends before sample ${end}.`, { path });
            }
            filled += bytesRead;
          }
          const dims = [end - start, ...stored];
          return { dtype, dims, data: elementsOf(dtype, buffer, elementCount(dims), path) };
        },
        close: () => file.close(),
      };
    },
  };
}
