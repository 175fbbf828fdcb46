import { attribute, elementCount } from '@datafree/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { has, inexpressible, type Kernel, type KernelContext, type Kernels, type TfjsLibrary } from './kernel.ts';

const { intOf, intsOf, stringOf } = attribute;

const fromFront = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** Operators that only give the elements another shape. */
const reshape: Kernel = ({ tf, input, outputs }) => tf.reshape(input(0), [...outputs[0]!.shape]);

const transpose: Kernel = ({ tf, node, types, input }) => {
  const reversed = types[0]!.shape.map((_, axis) => axis).reverse();
  return tf.transpose(input(0), [...intsOf(node, 'perm', reversed)]);
};

const expand: Kernel = ({ tf, input, outputs }) => tf.broadcastTo(input(0), [...outputs[0]!.shape]);

const tile: Kernel = (context) => context.tf.tile(context.input(0), [...context.content(1)]);

const concat: Kernel = ({ tf, node, types, input }) => {
  const axis = fromFront(intOf(node, 'axis'), types[0]!.shape.length);
  return tf.concat(
    types.map((_, i) => input(i)),
    axis,
  );
};

const split: Kernel = ({ tf, node, types, input, outputs }) => {
  const axis = fromFront(intOf(node, 'axis', 0), types[0]!.shape.length);
  const sizes = outputs.map((output) => output.shape[axis]!);
  return tf.split(input(0), sizes, axis);
};

/** Takes positions along an axis. */
export function take(tf: TfjsLibrary, x: Tensor, positions: readonly number[], axis: number): Tensor {
  return tf.gather(x, tf.tensor1d([...positions], 'int32'), axis);
}

/** A slice: a window where the steps are 1, chosen positions along the other axes. */
const slice: Kernel = (context) => {
  const { tf, types, input, outputs } = context;
  const shape = types[0]!.shape;
  const begins = context.content(1);
  const axes = has(context, 3) ? context.content(3) : begins.map((_, i) => i);
  const steps = has(context, 4) ? context.content(4) : begins.map(() => 1);
  const start = shape.map(() => 0);
  const size = [...shape];
  let result = input(0);
  axes.forEach((given, i) => {
    const axis = fromFront(given, shape.length);
    const length = shape[axis]!;
    const step = steps[i]!;
    const from = Math.min(Math.max(fromFront(begins[i]!, length), 0), step < 0 ? length - 1 : length);
    const count = outputs[0]!.shape[axis]!;
    if (step === 1) {
      start[axis] = from;
      size[axis] = count;
    } else {
      const positions = Array.from({ length: count }, (_, k) => from + k * step);
      result = take(tf, result, positions, axis);
      size[axis] = count;
    }
  });
  return tf.slice(result, start, size);
};

/** Position in the input of each position of a padded axis. */
function mirrored(mode: string, size: number, begin: number, end: number): number[] {
  return Array.from({ length: size + begin + end }, (_, i) => {
    const at = i - begin;
    if (mode === 'edge') return Math.min(Math.max(at, 0), size - 1);
    if (mode === 'wrap') return ((at % size) + size) % size;
    const period = Math.max(2 * (size - 1), 1);
    const folded = ((at % period) + period) % period;
    return folded < size ? folded : period - folded;
  });
}

const pad: Kernel = (context) => {
  const { tf, node, types, input } = context;
  const shape = types[0]!.shape;
  const pads = context.content(1);
  const axes = has(context, 3)
    ? context.content(3).map((axis) => fromFront(axis, shape.length))
    : shape.map((_, axis) => axis);
  const before = shape.map(() => 0);
  const after = shape.map(() => 0);
  axes.forEach((axis, i) => {
    before[axis] = pads[i]!;
    after[axis] = pads[i + axes.length]!;
  });
  const mode = stringOf(node, 'mode', 'constant');
  if (mode === 'constant') return fit(tf, input(0), before, after, has(context, 2) ? context.content(2)[0] : 0);
  return shape.reduce(
    (x, size, axis) =>
      before[axis] === 0 && after[axis] === 0
        ? x
        : take(tf, x, mirrored(mode, size, before[axis]!, after[axis]!), axis),
    input(0),
  );
};

/** Pads with a value before and after each axis; cuts where the numbers are negative. */
export function fit(
  tf: TfjsLibrary,
  x: Tensor,
  before: readonly number[],
  after: readonly number[],
  value = 0,
): Tensor {
  const cut = [...before, ...after].some((count) => count < 0);
  const start = before.map((count) => Math.max(0, -count));
  const size = x.shape.map((length, axis) => length - start[axis]! - Math.max(0, -after[axis]!));
  const inside = cut ? tf.slice(x, start, size) : x;
  if (![...before, ...after].some((count) => count > 0)) return inside;
  return tf.pad(
    inside,
    before.map((count, axis) => [Math.max(0, count), Math.max(0, after[axis]!)]),
    value,
  );
}

/** Negative indices counted from the end. */
function wrapped(tf: TfjsLibrary, indices: Tensor, size: number): Tensor {
  return tf.where(tf.less(indices, 0), tf.add(indices, tf.scalar(size, 'int32')), indices);
}

const gather: Kernel = ({ tf, node, types, input, outputs }) => {
  const axis = fromFront(intOf(node, 'axis', 0), types[0]!.shape.length);
  const flat = tf.reshape(wrapped(tf, input(1), types[0]!.shape[axis]!), [-1]);
  return tf.reshape(tf.gather(input(0), flat, axis), [...outputs[0]!.shape]);
};

/** Flat position in a tensor of `shape` of each element of `indices`, which are positions along `axis`. */
function flatPositions(context: KernelContext, shape: readonly number[], axis: number): Tensor {
  const { tf, types, input } = context;
  const at = types[1]!.shape;
  const stride = elementCount(shape.slice(axis + 1));
  const base = new Int32Array(elementCount(at));
  for (let i = 0; i < base.length; i++) {
    let rest = i;
    let weight = 1;
    for (let a = at.length - 1; a >= 0; a--) {
      if (a !== axis) base[i]! += (rest % at[a]!) * weight;
      rest = Math.floor(rest / at[a]!);
      weight *= shape[a]!;
    }
  }
  const along = tf.mul(wrapped(tf, input(1), shape[axis]!), tf.scalar(stride, 'int32'));
  return tf.add(tf.reshape(along, [-1]), tf.tensor1d(base, 'int32'));
}

const gatherElements: Kernel = (context) => {
  const { tf, node, types, input, outputs } = context;
  const shape = types[0]!.shape;
  const positions = flatPositions(context, shape, fromFront(intOf(node, 'axis', 0), shape.length));
  return tf.reshape(tf.gather(tf.reshape(input(0), [-1]), positions), [...outputs[0]!.shape]);
};

/** Writes updates over, or adds them to, rows of a matrix. */
function scatterRows(context: KernelContext, rows: Tensor, positions: Tensor, updates: Tensor): Tensor {
  const { tf, node, outputs } = context;
  const reduction = stringOf(node, 'reduction', 'none');
  const indices = tf.expandDims(positions, 1);
  const shape = [...outputs[0]!.shape];
  if (reduction === 'none') return tf.reshape(tf.tensorScatterUpdate(rows, indices, updates), shape);
  if (reduction === 'add') return tf.reshape(tf.add(rows, tf.scatterND(indices, updates, rows.shape)), shape);
  throw inexpressible(context, `reduction "${reduction}"`);
}

const scatterElements: Kernel = (context) => {
  const { tf, node, types, input } = context;
  const shape = types[0]!.shape;
  const positions = flatPositions(context, shape, fromFront(intOf(node, 'axis', 0), shape.length));
  return scatterRows(context, tf.reshape(input(0), [-1]), positions, tf.reshape(input(2), [-1]));
};

/** Row of each index tuple, when the leading `depth` axes of `shape` are flattened. */
function rowPositions(context: KernelContext, shape: readonly number[], depth: number): Tensor {
  const { tf, input } = context;
  const tuples = tf.reshape(input(1), [-1, depth]);
  const sizes = tf.tensor1d([...shape.slice(0, depth)], 'int32');
  const positive = tf.where(tf.less(tuples, 0), tf.add(tuples, sizes), tuples);
  const strides = shape.slice(0, depth).map((_, i) => elementCount(shape.slice(i + 1, depth)));
  return tf.sum(tf.mul(positive, tf.tensor1d(strides, 'int32')), 1);
}

const gatherND: Kernel = (context) => {
  const { tf, node, types, input, outputs } = context;
  if (intOf(node, 'batch_dims', 0) !== 0) throw inexpressible(context, 'batch_dims');
  const shape = types[0]!.shape;
  const depth = types[1]!.shape.at(-1)!;
  const rows = tf.reshape(input(0), [elementCount(shape.slice(0, depth)), elementCount(shape.slice(depth))]);
  return tf.reshape(tf.gather(rows, rowPositions(context, shape, depth)), [...outputs[0]!.shape]);
};

const scatterND: Kernel = (context) => {
  const { tf, types, input } = context;
  const shape = types[0]!.shape;
  const depth = types[1]!.shape.at(-1)!;
  const width = elementCount(shape.slice(depth));
  const rows = tf.reshape(input(0), [elementCount(shape.slice(0, depth)), width]);
  return scatterRows(context, rows, rowPositions(context, shape, depth), tf.reshape(input(2), [-1, width]));
};

const depthToSpace: Kernel = ({ tf, node, types, input, outputs }) => {
  const [n, c, h, w] = types[0]!.shape as [number, number, number, number];
  const b = intOf(node, 'blocksize');
  const depth = c / (b * b);
  const columnFirst = stringOf(node, 'mode', 'DCR') === 'CRD';
  const blocks = tf.reshape(input(0), columnFirst ? [n * depth, b, b, h, w] : [n, b, b, depth, h * w]);
  if (columnFirst) return tf.reshape(tf.transpose(blocks, [0, 3, 1, 4, 2]), [...outputs[0]!.shape]);
  const channels = tf.reshape(tf.transpose(blocks, [0, 3, 1, 2, 4]), [n * depth, b, b, h, w]);
  return tf.reshape(tf.transpose(channels, [0, 3, 1, 4, 2]), [...outputs[0]!.shape]);
};

const spaceToDepth: Kernel = ({ tf, node, types, input, outputs }) => {
  const [n, c, h, w] = types[0]!.shape as [number, number, number, number];
  const b = intOf(node, 'blocksize');
  const blocks = tf.reshape(input(0), [n * c, h / b, b, w / b, b]);
  const inner = tf.reshape(tf.transpose(blocks, [0, 2, 4, 1, 3]), [n, c, b * b, (h / b) * (w / b)]);
  return tf.reshape(tf.transpose(inner, [0, 2, 1, 3]), [...outputs[0]!.shape]);
};

/** Triangles of matrices, the other elements 0. */
const trilu: Kernel = (context) => {
  const { tf, node, types, input } = context;
  const [rows, columns] = types[0]!.shape.slice(-2) as [number, number];
  const shift = has(context, 1) ? context.content(1)[0]! : 0;
  const upper = intOf(node, 'upper', 1) === 1;
  const kept = Array.from({ length: rows * columns }, (_, i) => {
    const across = (i % columns) - Math.floor(i / columns) - shift;
    return upper ? across >= 0 : across <= 0;
  });
  return tf.where(
    tf.broadcastTo(tf.tensor(kept, [rows, columns], 'bool'), [...types[0]!.shape]),
    input(0),
    tf.zerosLike(input(0)),
  );
};

/** 1 (or a given value) at the position along a new axis that an index names. */
const oneHot: Kernel = (context) => {
  const { tf, node, types, input, outputs } = context;
  const depth = context.content(1)[0]!;
  const axis = fromFront(intOf(node, 'axis', -1), types[0]!.shape.length + 1);
  const positions = tf.range(0, depth, 1, 'int32');
  const along = outputs[0]!.shape.map((_, other) => (other === axis ? depth : 1));
  const hit = tf.equal(tf.expandDims(wrapped(tf, input(0), depth), axis), tf.reshape(positions, along));
  const [off, on] = tf.split(input(2), 2);
  const shape = [...outputs[0]!.shape];
  return tf.where(hit, tf.broadcastTo(on!, shape), tf.broadcastTo(off!, shape));
};

/** The first entries of each sequence in reverse order; their numbers must be constant. */
const reverseSequence: Kernel = (context) => {
  const { tf, node, types, input } = context;
  const shape = types[0]!.shape;
  const batchAxis = intOf(node, 'batch_axis', 1);
  const timeAxis = intOf(node, 'time_axis', 0);
  const steps = shape[timeAxis]!;
  const sequences = tf.split(input(0), shape[batchAxis]!, batchAxis);
  const lengths = context.content(1);
  const reversed = sequences.map((sequence, n) => {
    const length = lengths[n]!;
    const positions = Array.from({ length: steps }, (_, t) => (t < length ? length - 1 - t : t));
    return take(tf, sequence, positions, timeAxis);
  });
  return tf.concat(reversed, batchAxis);
};

/** Operators that move elements. */
export const layoutKernels: Kernels = {
  Identity: ({ input }) => input(0),
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Transpose: transpose,
  Expand: expand,
  Tile: tile,
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Trilu: trilu,
  OneHot: oneHot,
  ReverseSequence: reverseSequence,
};
