import { attribute, type TensorType } from '@datafree/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import {
  has,
  inexpressible,
  type Kernel,
  type KernelContext,
  type Kernels,
  storageOf,
  type TfjsLibrary,
} from './kernel.ts';

const { intOf } = attribute;

const ranges: Readonly<Record<string, readonly [low: number, high: number]>> = {
  int4: [-8, 7],
  uint4: [0, 15],
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
};

/** A per-axis parameter, shaped to broadcast; a scalar as it is. */
function along(context: KernelContext, index: number): Tensor {
  const { tf, node, types, input } = context;
  const size = types[index]!.shape[0];
  const rank = types[0]!.shape.length;
  const value = tf.cast(input(index), 'float32');
  if (types[index]!.shape.length > 1) throw inexpressible(context, 'a scale for each block');
  if (size === undefined || size === 1) return tf.reshape(value, []);
  const axis = intOf(node, 'axis', 1);
  const shape = new Array<number>(rank).fill(1);
  shape[axis < 0 ? axis + rank : axis] = size;
  return tf.reshape(value, shape);
}

/** `saturate(round(x / scale) + zero)`, halves to even. */
const quantize: Kernel = (context) => {
  const { tf, outputs, input } = context;
  const range = ranges[outputs[0]!.dtype];
  if (range === undefined) throw inexpressible(context, `the type ${outputs[0]!.dtype}`);
  const steps = tf.round(tf.div(input(0), along(context, 1)));
  const codes = has(context, 2) ? tf.add(steps, along(context, 2)) : steps;
  return tf.cast(tf.clipByValue(codes, ...range), 'int32');
};

/** `(q − zero) · scale`. */
const dequantize: Kernel = (context) => {
  const { tf, input } = context;
  const codes = tf.cast(input(0), 'float32');
  const centred = has(context, 2) ? tf.sub(codes, along(context, 2)) : codes;
  return tf.mul(centred, along(context, 1));
};

/** Quantises to uint8 by the range of the values, widened to hold 0. */
const dynamicQuantize: Kernel = ({ tf, input }) => {
  const low = tf.minimum(tf.min(input(0)), 0);
  const high = tf.maximum(tf.max(input(0)), 0);
  const scale = tf.div(tf.sub(high, low), 255);
  const divisor = tf.where(tf.equal(scale, 0), tf.onesLike(scale), scale);
  const zero = tf.clipByValue(tf.round(tf.neg(tf.div(low, divisor))), 0, 255);
  const codes = tf.clipByValue(tf.add(tf.round(tf.div(input(0), divisor)), zero), 0, 255);
  return [tf.cast(codes, 'int32'), divisor, tf.cast(zero, 'int32')];
};

/** A conversion: floats to integers towards zero, anything but zero to true. */
function convert(tf: TfjsLibrary, x: Tensor, to: TensorType): Tensor {
  const storage = storageOf(to.dtype);
  if (storage === 'bool') return tf.notEqual(x, tf.scalar(0, x.dtype === 'bool' ? 'bool' : (x.dtype as 'float32')));
  return tf.cast(x, storage);
}

const cast: Kernel = ({ tf, input, outputs }) => convert(tf, input(0), outputs[0]!);

/** Operators between numbers and their quantised forms, emulated with floats. */
export const quantizationKernels: Kernels = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
  DynamicQuantizeLinear: dynamicQuantize,
  Cast: cast,
  CastLike: cast,
};
