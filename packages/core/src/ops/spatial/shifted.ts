import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/operator.ts';
import { elementCount, tensorOf } from '../../tensor.ts';
import { mul } from '../elementwise/mul.ts';
import { pad } from '../layout/pad.ts';
import { reshape } from '../layout/reshape.ts';
import { conv } from './conv/convNodes.ts';
import { fit } from './fit.ts';

/**
 * A window of [N, C, …] that begins at `starts` and has `counts` cells along each spatial axis; what lies outside of
 * `x` is zero.
 *
 * A window of the size of `x` is a shift. For pictures it is a depthwise convolution with a single 1, which runs in
 * parallel and stays in the layout of the convolutions around it. Otherwise it is written as a shift of all places in
 * one row, which copies long runs, and a mask over the places that came from a neighbouring line.
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
  if (size.length === 2 && channels % 4 === 0) return shiftedByConvolution(b, x, starts);
  const places = elementCount(size);
  const offset = starts.reduce((sum, start, axis) => sum * size[axis]! + start, 0);
  const row = reshape(b, x, [samples * channels, places]);
  const moved = reshape(b, pad(b, row, [0, -offset, 0, offset]), x.shape);
  const mask = insideMask(starts, size);
  return mask.includes(0) ? mul(b, moved, b.constant(tensorOf(x.dtype, size, mask))) : moved;
}

/** `y[i] = x[i + start]`: along each axis a kernel of two cells, `start` apart, of which the one at `i + start` is 1. */
function shiftedByConvolution(b: GraphBuilder, x: Value, starts: readonly number[]): Value {
  const channels = x.shape[1]!;
  const kernel = starts.map((start) => (start === 0 ? 1 : 2));
  const hot = starts.reduce((cell, start, axis) => cell * kernel[axis]! + (start > 0 ? 1 : 0), 0);
  const cells = elementCount(kernel);
  const data = Float32Array.from({ length: channels * cells }, (_, i) => (i % cells === hot ? 1 : 0));
  return conv(b, x, b.constant(tensorOf(x.dtype, [channels, 1, ...kernel], data)), undefined, {
    groups: channels,
    dilations: starts.map((start) => Math.max(1, Math.abs(start))),
    pads: [...starts.map((start) => Math.max(0, -start)), ...starts.map((start) => Math.max(0, start))],
  });
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
