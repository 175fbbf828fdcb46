import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/operator.ts';
import { elementCount, tensorOf } from '../../tensor.ts';
import { mul } from '../elementwise/mul.ts';
import { pad } from '../layout/pad.ts';
import { reshape } from '../layout/reshape.ts';
import { fit } from './fit.ts';

/**
 * A window of [N, C, …] that begins at `starts` and has `counts` cells along each spatial axis; what lies outside of
 * `x` is zero.
 *
 * A window of the size of `x` is a shift. It is written as a shift of all places in one row, which copies long runs,
 * and a mask over the places that came from a neighbouring line.
 */
export function shifted(b: GraphBuilder, x: Value, starts: readonly number[], counts: readonly number[]): Value {
  const [samples, channels, ...size] = x.shape as [number, number, ...number[]];
  if (starts.every((start, axis) => start === 0 && counts[axis] === size[axis])) return x;
  if (counts.some((count, axis) => count !== size[axis] || Math.abs(starts[axis]!) >= count)) {
    return fit(
      b,
      x,
      starts.map((start) => -start),
      starts.map((start, axis) => start + counts[axis]! - size[axis]!),
    );
  }
  const places = elementCount(size);
  const offset = starts.reduce((sum, start, axis) => sum * size[axis]! + start, 0);
  const row = reshape(b, x, [samples * channels, places]);
  const moved = reshape(b, pad(b, row, [0, -offset, 0, offset]), x.shape);
  const mask = insideMask(starts, size);
  return mask.includes(0) ? mul(b, moved, b.constant(tensorOf(x.dtype, size, mask))) : moved;
}

/** 1 for the places whose source lies within its own line along every axis but the first, which the row's end cuts. */
function insideMask(starts: readonly number[], size: readonly number[]): Float32Array {
  return Float32Array.from({ length: elementCount(size) }, (_, place) => {
    let rest = place;
    for (let axis = size.length - 1; axis > 0; axis--) {
      const from = (rest % size[axis]!) + starts[axis]!;
      if (from < 0 || from >= size[axis]!) return 0;
      rest = Math.floor(rest / size[axis]!);
    }
    return 1;
  });
}
