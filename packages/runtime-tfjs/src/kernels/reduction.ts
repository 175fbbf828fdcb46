import { attribute } from '@datafree/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { has, inexpressible, type Kernel, type KernelContext, type Kernels, type TfjsLibrary } from './kernel.ts';

const { intOf } = attribute;

/** The axes that a node reduces over, or undefined when it reduces over none. */
function axesOf(context: KernelContext): number[] | undefined {
  const { node, types } = context;
  const rank = types[0]!.shape.length;
  const listed = has(context, 1) ? context.content(1) : [];
  if (listed.length > 0) return listed.map((axis) => (axis < 0 ? axis + rank : axis));
  if (intOf(node, 'noop_with_empty_axes', 0) === 1) return undefined;
  return Array.from({ length: rank }, (_, axis) => axis);
}

type Reduce = (x: Tensor, axes: number[], keep: true) => Tensor;

/** A reduction: axes are kept, then dropped by a reshape; `before` and `after` work element by element. */
const reduced =
  (
    of: (tf: TfjsLibrary) => Reduce,
    before: (tf: TfjsLibrary, x: Tensor) => Tensor = (_, x) => x,
    after: (tf: TfjsLibrary, x: Tensor) => Tensor = (_, x) => x,
  ): Kernel =>
  (context) => {
    const { tf, input, outputs } = context;
    const x = before(tf, input(0));
    const axes = axesOf(context);
    const result = axes === undefined || axes.length === 0 ? x : of(tf)(x, axes, true);
    return tf.reshape(after(tf, result), [...outputs[0]!.shape]);
  };

/** `max + log Σ exp(x − max)`. */
const logSumExp: Kernel = (context) => {
  const { tf, input, outputs } = context;
  const axes = axesOf(context) ?? [];
  if (axes.length === 0) return tf.reshape(input(0), [...outputs[0]!.shape]);
  const top = tf.max(input(0), axes, true);
  const sum = tf.sum(tf.exp(tf.sub(input(0), top)), axes, true);
  return tf.reshape(tf.add(top, tf.log(sum)), [...outputs[0]!.shape]);
};

const extreme =
  (of: (tf: TfjsLibrary) => (x: Tensor, axis: number) => Tensor): Kernel =>
  (context) => {
    const { tf, node, types, input, outputs } = context;
    if (intOf(node, 'select_last_index', 0) === 1) throw inexpressible(context, 'the last of equal elements');
    const axis = intOf(node, 'axis', 0);
    const rank = types[0]!.shape.length;
    return tf.reshape(of(tf)(input(0), axis < 0 ? axis + rank : axis), [...outputs[0]!.shape]);
  };

const topK: Kernel = (context) => {
  const { tf, node, types, input } = context;
  const rank = types[0]!.shape.length;
  const axis = intOf(node, 'axis', -1);
  if (axis !== -1 && axis !== rank - 1) throw inexpressible(context, 'another axis than the last');
  if (intOf(node, 'largest', 1) === 0) throw inexpressible(context, 'the smallest elements');
  const { values, indices } = tf.topk(input(0), context.content(1)[0], true);
  return [values, indices];
};

const cumSum: Kernel = (context) => {
  const { tf, node, types, input } = context;
  const axis = context.content(1)[0]!;
  const positive = axis < 0 ? axis + types[0]!.shape.length : axis;
  return tf.cumsum(input(0), positive, intOf(node, 'exclusive', 0) === 1, intOf(node, 'reverse', 0) === 1);
};

/** Operators that reduce or order along axes. */
export const reductionKernels: Kernels = {
  ReduceSum: reduced((tf) => tf.sum),
  ReduceMean: reduced((tf) => tf.mean),
  ReduceMax: reduced((tf) => tf.max),
  ReduceMin: reduced((tf) => tf.min),
  ReduceProd: reduced((tf) => tf.prod),
  ReduceL1: reduced(
    (tf) => tf.sum,
    (tf, x) => tf.abs(x),
  ),
  ReduceL2: reduced(
    (tf) => tf.sum,
    (tf, x) => tf.square(x),
    (tf, x) => tf.sqrt(x),
  ),
  ReduceSumSquare: reduced(
    (tf) => tf.sum,
    (tf, x) => tf.square(x),
  ),
  ReduceLogSum: reduced(
    (tf) => tf.sum,
    undefined,
    (tf, x) => tf.log(x),
  ),
  ReduceLogSumExp: logSumExp,
  ArgMax: extreme((tf) => tf.argMax),
  ArgMin: extreme((tf) => tf.argMin),
  TopK: topK,
  CumSum: cumSum,
};
