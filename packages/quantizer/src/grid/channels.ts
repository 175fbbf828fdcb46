import { float32Of } from '@datafree/core';
import type { Tensor } from '@datafree/plugin';

/** The weights of each channel along an axis, and how they go back into a tensor. */
export interface Channels {
  readonly rows: readonly Float32Array[];
  /** Puts one array a channel back in the order of the tensor. */
  join(rows: readonly Int8Array[]): Int8Array;
}

/** Splits a tensor along `axis`; one row of everything when `axis` is undefined. */
export function splitChannels(tensor: Tensor, axis: number | undefined): Channels {
  const values = float32Of(tensor);
  if (axis === undefined) return { rows: [values], join: (rows) => rows[0] as Int8Array };
  const count = tensor.dims[axis] as number;
  const inner = tensor.dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  const outer = values.length / (count * inner);
  const position = (channel: number, o: number): number => (o * count + channel) * inner;
  const rows = Array.from({ length: count }, (_, channel) => {
    const row = new Float32Array(outer * inner);
    for (let o = 0; o < outer; o++) {
      const start = position(channel, o);
      row.set(values.subarray(start, start + inner), o * inner);
    }
    return row;
  });
  const join = (codes: readonly Int8Array[]): Int8Array => {
    const joined = new Int8Array(values.length);
    codes.forEach((row, channel) => {
      for (let o = 0; o < outer; o++) joined.set(row.subarray(o * inner, (o + 1) * inner), position(channel, o));
    });
    return joined;
  };
  return { rows, join };
}
