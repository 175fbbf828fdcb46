import { attribute } from '@datafree/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { has, type Kernel, type Kernels, type TfjsLibrary } from './kernel.ts';

const { floatOf, intOf, stringOf } = attribute;

const negativePart = (tf: TfjsLibrary, x: Tensor): Tensor => tf.minimum(x, tf.scalar(0, x.dtype as 'float32'));

/** `max(x, 0) + alpha · (exp(min(x, 0) / width) − 1)`. */
const exponential = (tf: TfjsLibrary, x: Tensor, alpha: number, width = 1): Tensor =>
  tf.add(tf.relu(x), tf.mul(tf.expm1(tf.div(negativePart(tf, x), width)), alpha));

const elu: Kernel = ({ tf, node, input }) => exponential(tf, input(0), floatOf(node, 'alpha', 1));

const celu: Kernel = ({ tf, node, input }) => {
  const alpha = floatOf(node, 'alpha', 1);
  return exponential(tf, input(0), alpha, alpha);
};

const selu: Kernel = ({ tf, node, input }) => {
  const alpha = floatOf(node, 'alpha', 1.6732631921768188);
  return tf.mul(exponential(tf, input(0), alpha), floatOf(node, 'gamma', 1.0507010221481323));
};

const leakyRelu: Kernel = ({ tf, node, input }) =>
  tf.add(tf.relu(input(0)), tf.mul(negativePart(tf, input(0)), floatOf(node, 'alpha', 0.01)));

const prelu: Kernel = ({ tf, input }) => tf.add(tf.relu(input(0)), tf.mul(negativePart(tf, input(0)), input(1)));

const thresholdedRelu: Kernel = ({ tf, node, input }) => {
  const above = tf.greater(input(0), floatOf(node, 'alpha', 1));
  return tf.where(above, input(0), tf.zerosLike(input(0)));
};

const hard = (tf: TfjsLibrary, x: Tensor, alpha: number, beta: number): Tensor =>
  tf.clipByValue(tf.add(tf.mul(x, alpha), beta), 0, 1);

const hardSigmoid: Kernel = ({ tf, node, input }) =>
  hard(tf, input(0), floatOf(node, 'alpha', 0.2), floatOf(node, 'beta', 0.5));

const hardSwish: Kernel = ({ tf, input }) => tf.mul(input(0), hard(tf, input(0), 1 / 6, 0.5));

/** `max(x, 0) + log(1 + exp(−|x|))`, exact for any x. */
const softplus = (tf: TfjsLibrary, x: Tensor): Tensor => tf.add(tf.relu(x), tf.log1p(tf.exp(tf.neg(tf.abs(x)))));

const gelu: Kernel = ({ tf, node, input }) => {
  const x = input(0);
  const gate =
    stringOf(node, 'approximate', 'none') === 'tanh'
      ? tf.tanh(tf.mul(tf.add(x, tf.mul(tf.mul(x, tf.square(x)), 0.044715)), Math.sqrt(2 / Math.PI)))
      : tf.erf(tf.mul(x, Math.SQRT1_2));
  return tf.mul(tf.mul(x, 0.5), tf.add(gate, 1));
};

/** `x − max`, and the exponentials' sum, along an axis. */
const shifted = (tf: TfjsLibrary, x: Tensor, axis: number): { z: Tensor; sum: Tensor } => {
  const z = tf.sub(x, tf.max(x, axis, true));
  return { z, sum: tf.sum(tf.exp(z), axis, true) };
};

const softmax: Kernel = ({ tf, node, input }) => {
  const { z, sum } = shifted(tf, input(0), intOf(node, 'axis', -1));
  return tf.div(tf.exp(z), sum);
};

const logSoftmax: Kernel = ({ tf, node, input }) => {
  const { z, sum } = shifted(tf, input(0), intOf(node, 'axis', -1));
  return tf.sub(z, tf.log(sum));
};

const clip: Kernel = (context) => {
  const { tf, input } = context;
  const above = has(context, 1) ? tf.maximum(input(0), input(1)) : input(0);
  return has(context, 2) ? tf.minimum(above, input(2)) : above;
};

/** Dropout in inference: the input, and a mask that keeps everything. */
const dropout: Kernel = ({ tf, input, outputs }) =>
  outputs.map((output, i) => (i === 0 ? input(0) : tf.ones([...output.shape], 'bool')));

/** Activation functions. */
export const activationKernels: Kernels = {
  Relu: ({ tf, input }) => tf.relu(input(0)),
  Sigmoid: ({ tf, input }) => tf.sigmoid(input(0)),
  Tanh: ({ tf, input }) => tf.tanh(input(0)),
  Softsign: ({ tf, input }) => tf.div(input(0), tf.add(tf.abs(input(0)), 1)),
  Softplus: ({ tf, input }) => softplus(tf, input(0)),
  Mish: ({ tf, input }) => tf.mul(input(0), tf.tanh(softplus(tf, input(0)))),
  Elu: elu,
  Celu: celu,
  Selu: selu,
  LeakyRelu: leakyRelu,
  PRelu: prelu,
  ThresholdedRelu: thresholdedRelu,
  HardSigmoid: hardSigmoid,
  HardSwish: hardSwish,
  Gelu: gelu,
  Softmax: softmax,
  LogSoftmax: logSoftmax,
  Clip: clip,
  Dropout: dropout,
};
