import { attribute, elementCount } from '@datafree/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { has, type Kernel, type Kernels, type TfjsLibrary } from './kernel.ts';

const { floatOf, intOf } = attribute;

/** A vector of channels, shaped to broadcast over [N, C, …]. */
function perChannel(tf: TfjsLibrary, value: Tensor, rank: number): Tensor {
  return tf.reshape(value, [-1, ...new Array<number>(Math.max(rank - 2, 0)).fill(1)]);
}

/** `(x − mean) / √(variance + epsilon)`. */
function standardised(tf: TfjsLibrary, x: Tensor, mean: Tensor, variance: Tensor, epsilon: number): Tensor {
  return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon)));
}

/** Mean and biased variance over axes, which are kept. */
function moments(tf: TfjsLibrary, x: Tensor, axes: number[]): { mean: Tensor; variance: Tensor } {
  const mean = tf.mean(x, axes, true);
  return { mean, variance: tf.mean(tf.square(tf.sub(x, mean)), axes, true) };
}

const batchNormalization: Kernel = (context) => {
  const { tf, node, types, input, outputs } = context;
  const rank = types[0]!.shape.length;
  const epsilon = floatOf(node, 'epsilon', 1e-5);
  const channels = (value: Tensor) => perChannel(tf, value, rank);
  const affine = (x: Tensor) => tf.add(tf.mul(x, channels(input(1))), channels(input(2)));
  if (intOf(node, 'training_mode', 0) === 0) {
    return affine(standardised(tf, input(0), channels(input(3)), channels(input(4)), epsilon));
  }
  const axes = types[0]!.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const { mean, variance } = moments(tf, input(0), axes);
  const momentum = floatOf(node, 'momentum', 0.9);
  const follow = (old: Tensor, now: Tensor) =>
    tf.add(tf.mul(old, momentum), tf.mul(tf.reshape(now, [-1]), 1 - momentum));
  const y = affine(standardised(tf, input(0), mean, variance, epsilon));
  return [y, follow(input(3), mean), follow(input(4), variance)].slice(0, outputs.length);
};

const instanceNormalization: Kernel = ({ tf, node, types, input }) => {
  const rank = types[0]!.shape.length;
  const axes = Array.from({ length: rank - 2 }, (_, i) => i + 2);
  const { mean, variance } = moments(tf, input(0), axes);
  const y = standardised(tf, input(0), mean, variance, floatOf(node, 'epsilon', 1e-5));
  return tf.add(tf.mul(y, perChannel(tf, input(1), rank)), perChannel(tf, input(2), rank));
};

const layerNormalization: Kernel = (context) => {
  const { tf, node, types, input, outputs } = context;
  const rank = types[0]!.shape.length;
  const first = intOf(node, 'axis', -1);
  const axes = types[0]!.shape.map((_, axis) => axis).slice(first < 0 ? first + rank : first);
  const { mean, variance } = moments(tf, input(0), axes);
  const epsilon = floatOf(node, 'epsilon', 1e-5);
  const scaled = tf.mul(standardised(tf, input(0), mean, variance, epsilon), input(1));
  const y = has(context, 2) ? tf.add(scaled, input(2)) : scaled;
  return [y, mean, tf.rsqrt(tf.add(variance, epsilon))].slice(0, outputs.length);
};

const groupNormalization: Kernel = (context) => {
  const { tf, node, types, input } = context;
  const shape = types[0]!.shape;
  const groups = intOf(node, 'num_groups');
  const split = tf.reshape(input(0), [shape[0]!, groups, elementCount(shape.slice(1)) / groups]);
  const { mean, variance } = moments(tf, split, [2]);
  const y = tf.reshape(standardised(tf, split, mean, variance, floatOf(node, 'epsilon', 1e-5)), [...shape]);
  return tf.add(tf.mul(y, perChannel(tf, input(1), shape.length)), perChannel(tf, input(2), shape.length));
};

/** `x / (bias + alpha / size · Σ x²) ^ beta`, the sum over neighbouring channels. */
const localResponse: Kernel = ({ tf, node, types, input }) => {
  const size = intOf(node, 'size');
  const shape = types[0]!.shape;
  const before = Math.floor((size - 1) / 2);
  const sides = shape.map((_, axis): [number, number] => (axis === 1 ? [before, size - 1 - before] : [0, 0]));
  const squares = tf.pad(tf.square(input(0)), sides);
  const start = shape.map(() => 0);
  const shifted = Array.from({ length: size }, (_, k) => tf.slice(squares, [0, k, ...start.slice(2)], [...shape]));
  const sum = shifted.reduce((left, right) => tf.add(left, right));
  const divisor = tf.add(tf.mul(sum, floatOf(node, 'alpha', 1e-4) / size), floatOf(node, 'bias', 1));
  return tf.div(input(0), tf.pow(divisor, floatOf(node, 'beta', 0.75)));
};

/** Normalisations. */
export const normalizationKernels: Kernels = {
  BatchNormalization: batchNormalization,
  InstanceNormalization: instanceNormalization,
  LayerNormalization: layerNormalization,
  GroupNormalization: groupNormalization,
  LRN: localResponse,
};
