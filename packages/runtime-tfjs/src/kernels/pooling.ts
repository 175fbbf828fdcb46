import { attribute } from '@datafree/core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { convolutionBegins, firstChannels, lastChannels } from './convolution.ts';
import { inexpressible, type Kernel, type KernelContext } from './kernel.ts';
import { fit, take } from './layout.ts';

const { intOf, intsOf } = attribute;

/** The window of a pooling node. */
interface Pooling {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly begins: readonly number[];
  /** Padding at the end as far as windows reach; negative where cells stay unread. */
  readonly ends: readonly number[];
  readonly output: readonly number[];
}

function poolingOf(context: KernelContext): Pooling {
  const { node, types, outputs } = context;
  const spatial = types[0]!.shape.slice(2);
  const output = outputs[0]!.shape.slice(2);
  const ones = spatial.map(() => 1);
  const kernel = intsOf(node, 'kernel_shape');
  const strides = intsOf(node, 'strides', ones);
  const dilations = intsOf(node, 'dilations', ones);
  const extent = kernel.map((size, axis) => (size - 1) * dilations[axis]! + 1);
  const begins = convolutionBegins(context, extent, strides, output);
  const ends = output.map(
    (count, axis) => (count - 1) * strides[axis]! + extent[axis]! - begins[axis]! - spatial[axis]!,
  );
  return { kernel, strides, dilations, begins, ends, output };
}

/** MaxPool: its padding never wins. */
export const maxPool: Kernel = (context) => {
  if (context.outputs.length > 1) throw inexpressible(context, 'the output of positions');
  const { tf } = context;
  return pooled(context, Number.NEGATIVE_INFINITY, {
    image: tf.maxPool,
    join: tf.maximum,
  });
};

/** AveragePool: sums, divided by the number of cells that count. */
export const averagePool: Kernel = (context) => {
  const { tf, node, types } = context;
  const pooling = poolingOf(context);
  const spatial = types[0]!.shape.slice(2);
  const pads = intsOf(node, 'pads', new Array<number>(2 * spatial.length).fill(0));
  const cells = pooling.kernel.reduce((product, size) => product * size, 1);
  const counted = intOf(node, 'count_include_pad', 0) === 1;
  const area = spatial.reduce((scale, size, axis) => {
    const begin = pooling.begins[axis]!;
    const explicit =
      node.attributes.auto_pad === undefined ? pads[axis + spatial.length]! : Math.max(0, pooling.ends[axis]!);
    const low = counted ? -begin : 0;
    const high = counted ? size + explicit : size;
    const counts = Array.from({ length: pooling.output[axis]! }, (_, o) => {
      const start = o * pooling.strides[axis]! - begin;
      const at = Array.from({ length: pooling.kernel[axis]! }, (__, k) => start + k * pooling.dilations[axis]!);
      return at.filter((cell) => cell >= low && cell < high).length;
    });
    const shape = [1, 1, ...spatial.map((_, other) => (other === axis ? counts.length : 1))];
    return tf.mul(scale, tf.tensor(counts, shape));
  }, tf.scalar(1) as Tensor);
  const mean = pooled(context, 0, {
    image: tf.avgPool,
    join: (left, right) => tf.add(left, right),
    finish: (sum) => tf.div(sum, cells),
  });
  return tf.mul(mean, tf.div(cells, area));
};

/** LpPool: `(Σ |x|^p)^(1/p)`. */
export const lpPool: Kernel = (context) => {
  const { tf, node } = context;
  const p = intOf(node, 'p', 2);
  const powers = pooled(context, 0, {
    before: (x) => tf.pow(tf.abs(x), p),
    join: (left, right) => tf.add(left, right),
  });
  return tf.pow(powers, 1 / p);
};

/** How values of one window are put together. */
interface Combination {
  /** TensorFlow.js's own operator, over two axes. */
  readonly image?: (x: Tensor4D, kernel: [number, number], strides: [number, number], pad: 'valid') => Tensor;
  /** What each cell becomes first. */
  readonly before?: (x: Tensor) => Tensor;
  readonly join: (left: Tensor, right: Tensor) => Tensor;
  readonly finish?: (joined: Tensor) => Tensor;
}

function pooled(context: KernelContext, padding: number, { image, before, join, finish }: Combination): Tensor {
  const { tf, types, input } = context;
  const pooling = poolingOf(context);
  const { kernel, strides, dilations, output } = pooling;
  const padded = fit(tf, before?.(input(0)) ?? input(0), [0, 0, ...pooling.begins], [0, 0, ...pooling.ends], padding);
  const [samples, channels] = types[0]!.shape as [number, number];
  if (image !== undefined && kernel.length <= 2 && dilations.every((step) => step === 1)) {
    const flat = kernel.length === 1;
    const square = tf.transpose(flat ? tf.expandDims(padded, 2) : padded, lastChannels(4)) as Tensor4D;
    const two = (values: readonly number[]) => (flat ? [1, values[0]!] : [...values]) as [number, number];
    const result = image(square, two(kernel), two(strides), 'valid');
    return tf.reshape(tf.transpose(result, firstChannels(4)), [samples, channels, ...output]);
  }
  // Elsewhere: each cell of the window as a picture of its own, joined one after the other.
  const cells = kernel.reduce<number[][]>(
    (all, size) => all.flatMap((cell) => Array.from({ length: size }, (_, k) => [...cell, k])),
    [[]],
  );
  const pictures = cells.map((cell) =>
    cell.reduce((x, k, axis) => {
      const positions = Array.from({ length: output[axis]! }, (_, o) => o * strides[axis]! + k * dilations[axis]!);
      return take(tf, x, positions, axis + 2);
    }, padded),
  );
  const joined = pictures.reduce(join);
  return finish === undefined ? joined : finish(joined);
}

const spaceOf = ({ types }: KernelContext): number[] => types[0]!.shape.slice(2).map((_, i) => i + 2);

/** GlobalAveragePool. */
export const globalAveragePool: Kernel = (context) => context.tf.mean(context.input(0), spaceOf(context), true);

/** GlobalMaxPool. */
export const globalMaxPool: Kernel = (context) => context.tf.max(context.input(0), spaceOf(context), true);

/** GlobalLpPool. */
export const globalLpPool: Kernel = (context) => {
  const { tf, node, input } = context;
  const p = intOf(node, 'p', 2);
  return tf.pow(tf.sum(tf.pow(tf.abs(input(0)), p), spaceOf(context), true), 1 / p);
};
