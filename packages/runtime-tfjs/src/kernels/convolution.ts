import { attribute, elementCount } from '@datafree/core';
import type { Tensor, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core';
import { has, inexpressible, type Kernel, type KernelContext, type TfjsLibrary } from './kernel.ts';
import { fit } from './layout.ts';

const { intOf, intsOf, stringOf } = attribute;

/** A convolution without dilation: strides, padding at the beginning, and the sizes that must come out. */
interface Convolution {
  readonly strides: readonly number[];
  readonly begins: readonly number[];
  readonly output: readonly number[];
  readonly groups: number;
}

/** Conv. TensorFlow.js takes samples as [N, …, C] and kernels as [k…, in, out]; dilated kernels are filled up. */
export const conv: Kernel = (context) => {
  const { tf, node, types, input, outputs } = context;
  const spatial = types[0]!.shape.slice(2);
  const dilations = intsOf(
    node,
    'dilations',
    spatial.map(() => 1),
  );
  const strides = intsOf(
    node,
    'strides',
    spatial.map(() => 1),
  );
  const weights = filledUp(tf, input(1), dilations);
  const output = outputs[0]!.shape.slice(2);
  const begins = convolutionBegins(context, weights.shape.slice(2), strides, output);
  const groups = intOf(node, 'group', 1);
  return withBias(context, convolve(context, input(0), weights, { strides, begins, output, groups }));
};

/**
 * ConvTranspose, as the convolution it is: zeros between the cells of the input, kernels turned round, their channels
 * exchanged.
 */
export const convTranspose: Kernel = (context) => {
  const { tf, node, types, input, outputs } = context;
  const spatial = types[0]!.shape.slice(2);
  const dilations = intsOf(
    node,
    'dilations',
    spatial.map(() => 1),
  );
  const strides = intsOf(
    node,
    'strides',
    spatial.map(() => 1),
  );
  const groups = intOf(node, 'group', 1);
  const weights = filledUp(tf, input(1), dilations);
  const kernel = weights.shape.slice(2);
  const output = outputs[0]!.shape.slice(2);
  const cut = transposedBegins(context, kernel, strides, output);
  const begins = kernel.map((size, axis) => size - 1 - cut[axis]!);
  const spread = filledUp(tf, input(0), strides);
  const turned = turnedRound(tf, weights, groups);
  const ones = spatial.map(() => 1);
  return withBias(context, convolve(context, spread, turned, { strides: ones, begins, output, groups }));
};

function withBias(context: KernelContext, y: Tensor): Tensor {
  const { tf, types, input } = context;
  if (!has(context, 2)) return y;
  return tf.add(y, tf.reshape(input(2), [-1, ...types[0]!.shape.slice(2).map(() => 1)]));
}

/** Puts `steps[i] − 1` zeros between neighbours on each spatial axis of [a, b, …]. */
function filledUp(tf: TfjsLibrary, x: Tensor, steps: readonly number[]): Tensor {
  return steps.reduce((value, step, i) => {
    if (step === 1) return value;
    const axis = i + 2;
    const { shape } = value;
    const before = elementCount(shape.slice(0, axis));
    const after = elementCount(shape.slice(axis + 1));
    const size = shape[axis]!;
    const zeros = tf.pad(tf.reshape(value, [before, size, 1, after]), [
      [0, 0],
      [0, 0],
      [0, step - 1],
      [0, 0],
    ]);
    const long = tf.reshape(zeros, [before, size * step, after]);
    const cut = tf.slice(long, [0, 0, 0], [before, (size - 1) * step + 1, after]);
    return tf.reshape(cut, [...shape.slice(0, axis), (size - 1) * step + 1, ...shape.slice(axis + 1)]);
  }, x);
}

/** [in, out / groups, k…] to [out, in / groups, k…], every spatial axis reversed. */
function turnedRound(tf: TfjsLibrary, weights: Tensor, groups: number): Tensor {
  const [inputs, perGroup, ...kernel] = weights.shape as [number, number, ...number[]];
  const cells = elementCount(kernel);
  const grouped = tf.reshape(weights, [groups, inputs / groups, perGroup, cells]);
  const exchanged = tf.transpose(tf.reverse(grouped, 3), [0, 2, 1, 3]);
  return tf.reshape(exchanged, [groups * perGroup, inputs / groups, ...kernel]);
}

/** Cells of padding before the first cell of each axis. */
export function convolutionBegins(
  { node, types }: KernelContext,
  extent: readonly number[],
  strides: readonly number[],
  output: readonly number[],
): number[] {
  const automatic = stringOf(node, 'auto_pad', 'NOTSET');
  const spatial = types[0]!.shape.slice(2);
  if (automatic === 'NOTSET')
    return [...intsOf(node, 'pads', new Array<number>(2 * spatial.length).fill(0))].slice(0, spatial.length);
  if (automatic === 'VALID') return spatial.map(() => 0);
  return spatial.map((size, axis) => {
    const total = Math.max(0, (output[axis]! - 1) * strides[axis]! + extent[axis]! - size);
    return automatic === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
  });
}

/** Cells that a transposed convolution cuts off at the beginning of each axis. */
function transposedBegins(
  { node, types }: KernelContext,
  extent: readonly number[],
  strides: readonly number[],
  output: readonly number[],
): number[] {
  const spatial = types[0]!.shape.slice(2);
  const automatic = stringOf(node, 'auto_pad', 'NOTSET');
  const given = node.attributes.output_shape !== undefined;
  if (automatic === 'NOTSET' && !given)
    return [...intsOf(node, 'pads', new Array<number>(2 * spatial.length).fill(0))].slice(0, spatial.length);
  if (automatic === 'VALID') return spatial.map(() => 0);
  const more = intsOf(
    node,
    'output_padding',
    spatial.map(() => 0),
  );
  return spatial.map((size, axis) => {
    const total = Math.max(0, strides[axis]! * (size - 1) + more[axis]! + extent[axis]! - output[axis]!);
    return automatic === 'SAME_UPPER' ? Math.floor(total / 2) : total - Math.floor(total / 2);
  });
}

function convolve(context: KernelContext, x: Tensor, weights: Tensor, convolution: Convolution): Tensor {
  const { tf } = context;
  const { strides, begins, output, groups } = convolution;
  const rank = output.length;
  const [outputs, perGroup, ...kernel] = weights.shape as [number, number, ...number[]];
  const ends = output.map(
    (count, axis) => (count - 1) * strides[axis]! + kernel[axis]! - begins[axis]! - x.shape[axis + 2]!,
  );
  const padded = fit(tf, x, [0, 0, ...begins], [0, 0, ...ends]);
  if (rank > 3) throw inexpressible(context, 'a convolution over more than three axes');
  // One spatial axis is two, the first of size 1.
  const flat = rank === 1;
  const image = flat ? tf.expandDims(padded, 2) : padded;
  const filter = flat ? tf.expandDims(weights, 2) : weights;
  const steps = flat ? [1, strides[0]!] : [...strides];
  const channelsLast = tf.transpose(image, lastChannels(image.shape.length));
  const one = (part: Tensor, kernels: Tensor): Tensor => {
    const turned = tf.transpose(kernels, [...Array.from({ length: kernels.shape.length - 2 }, (_, i) => i + 2), 1, 0]);
    return rank === 3
      ? tf.conv3d(part as Tensor5D, turned as Tensor5D, steps as [number, number, number], 'valid')
      : tf.conv2d(part as Tensor4D, turned as Tensor4D, steps as [number, number], 'valid');
  };
  let result: Tensor;
  if (groups === 1) {
    result = one(channelsLast, filter);
  } else if (perGroup === 1 && rank < 3) {
    const [height, width] = filter.shape.slice(2) as [number, number];
    const turned = tf.reshape(tf.transpose(filter, [2, 3, 1, 0]), [height, width, groups, outputs / groups]);
    result = tf.depthwiseConv2d(channelsLast as Tensor4D, turned as Tensor4D, steps as [number, number], 'valid');
  } else {
    const last = channelsLast.shape.length - 1;
    const parts = tf.split(channelsLast, groups, last);
    const kernels = tf.split(filter, groups, 0);
    result = tf.concat(
      parts.map((part, i) => one(part, kernels[i]!)),
      last,
    );
  }
  return tf.reshape(tf.transpose(result, firstChannels(result.shape.length)), [x.shape[0]!, outputs, ...output]);
}

/** The permutation from [N, C, …] to [N, …, C]. */
export function lastChannels(rank: number): number[] {
  return [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
}

/** The permutation from [N, …, C] to [N, C, …]. */
export function firstChannels(rank: number): number[] {
  return [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];
}
