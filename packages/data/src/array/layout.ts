import { elementCount } from '@datafree/core';
import { DatafreeError } from '@datafree/plugin';
import type { NpyDType } from './npy.ts';

/** Where the channels of a stored sample are. */
export type Layout = 'channels-first' | 'channels-last';

/**
 * How samples stored with shape `stored` become samples of shape `wanted` ([C, …]):
 *
 * 1. `stored` is [C, …]: channels first; `stored` is […, C]: channels last.
 * 2. Both fit ([3, 3, 3]): 8-bit values are pixels and taken as channels last, all others as channels first.
 * 3. A network of one channel also takes samples without a channel axis.
 *
 * @throws `data-shape` with both shapes
 */
export function layoutOf(stored: readonly number[], wanted: readonly number[], dtype: NpyDType, name: string): Layout {
  const layout = fit(stored, wanted, dtype);
  if (layout !== undefined) return layout;
  throw shapeError(stored, wanted, name);
}

/** The error for samples of shape `stored` where the network takes `wanted`. */
export function shapeError(stored: readonly number[], wanted: readonly number[], name: string): DatafreeError {
  const last = [...wanted.slice(1), ...wanted.slice(0, 1)];
  return new DatafreeError(
    'data-shape',
    `${name}: samples have shape [${stored.join(', ')}], but the network takes [${wanted.join(', ')}].`,
    {
      path: name,
      hint: `Store samples as [${wanted.join(', ')}] (channels first) or [${last.join(', ')}] (channels last).`,
    },
  );
}

/**
 * Splits the dimensions of an array into a number of samples and the shape of one. An array with the shape of one
 * sample is one sample.
 */
export function splitBatch(
  dims: readonly number[],
  wanted: readonly number[],
  dtype: NpyDType,
): { readonly count: number; readonly stored: readonly number[] } {
  const [count = 1, ...stored] = dims;
  const single = fit(stored, wanted, dtype) === undefined && fit(dims, wanted, dtype) !== undefined;
  return single ? { count: 1, stored: dims } : { count, stored };
}

function fit(stored: readonly number[], wanted: readonly number[], dtype: NpyDType): Layout | undefined {
  const [channels = 1, ...positions] = wanted;
  const first = equal(stored, wanted);
  const last = equal(stored, [...positions, channels]);
  if (first && last) return dtype === 'uint8' || dtype === 'int8' ? 'channels-last' : 'channels-first';
  if (last) return 'channels-last';
  return first || (channels === 1 && equal(stored, positions)) ? 'channels-first' : undefined;
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

/**
 * Converts stored samples to network inputs: `scale[c] · value + offset[c]`, channels first.
 *
 * @param shape of one sample of the network, [C, …]
 */
export function arrange(
  stored: ArrayLike<number>,
  shape: readonly number[],
  layout: Layout,
  { scale, offset }: { readonly scale: readonly number[]; readonly offset: readonly number[] },
): Float32Array {
  const channels = shape[0] ?? 1;
  const plane = elementCount(shape.slice(1));
  const [channelStep, positionStep] = layout === 'channels-first' ? [plane, 1] : [1, channels];
  const inputs = new Float32Array(stored.length);
  let target = 0;
  for (let sample = 0; sample < stored.length; sample += channels * plane) {
    for (let c = 0; c < channels; c++) {
      const factor = scale[c] as number;
      const shift = offset[c] as number;
      for (let i = 0, from = sample + c * channelStep; i < plane; i++, from += positionStep) {
        inputs[target++] = factor * (stored[from] as number) + shift;
      }
    }
  }
  return inputs;
}
