import { DatafreeError, type Node } from '@datafree/plugin';
import { intsOf, stringOf } from '../../graph/attributes.ts';

/** A window that slides over the spatial axes of a tensor; each list has one entry a spatial axis. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Cells of padding before the first and after the last cell of each axis. */
  readonly begins: readonly number[];
  readonly ends: readonly number[];
}

/** A window together with the spatial sizes on both sides. */
export interface SlidingWindow extends Window {
  /** Sizes of the side the window slides over. */
  readonly input: readonly number[];
  /** Number of places of the window along each axis. */
  readonly output: readonly number[];
}

/** Cells from the first to the last that the window touches along each axis. */
export function extents({ kernel, dilations }: Pick<Window, 'kernel' | 'dilations'>): number[] {
  return kernel.map((size, axis) => (size - 1) * dilations[axis]! + 1);
}

/**
 * The window that a node slides over `spatial`, `auto_pad` resolved: SAME gives `⌈size / stride⌉` outputs, with the
 * odd cell of padding at the end (UPPER) or the beginning (LOWER).
 *
 * @throws `attribute-invalid` for lists of the wrong length, sizes below 1, negative padding, an unknown `auto_pad`
 */
export function windowOf(node: Node, spatial: readonly number[], kernel: readonly number[]): Window {
  const rank = spatial.length;
  const { strides, dilations } = steps(node, rank);
  checkList('kernel_shape', kernel, rank, 1);
  const automatic = stringOf(node, 'auto_pad', 'NOTSET');
  if (automatic === 'NOTSET') {
    const pads = intsOf(node, 'pads', new Array<number>(2 * rank).fill(0));
    checkList('pads', pads, 2 * rank, 0);
    return { kernel, strides, dilations, begins: pads.slice(0, rank), ends: pads.slice(rank) };
  }
  const extent = extents({ kernel, dilations });
  const totals = spatial.map((size, axis) => {
    const stride = strides[axis]!;
    return Math.max(0, (Math.ceil(size / stride) - 1) * stride + extent[axis]! - size);
  });
  return { kernel, strides, dilations, ...distribute(automatic, totals) };
}

/** The strides and dilations of a node, 1 where they are not given. @throws `attribute-invalid` */
export function steps(node: Node, rank: number): Pick<Window, 'strides' | 'dilations'> {
  const ones = new Array<number>(rank).fill(1);
  const strides = intsOf(node, 'strides', ones);
  const dilations = intsOf(node, 'dilations', ones);
  checkList('strides', strides, rank, 1);
  checkList('dilations', dilations, rank, 1);
  return { strides, dilations };
}

/** Splits automatic padding between the two ends of each axis. @throws `attribute-invalid` for an unknown `auto_pad` */
export function distribute(automatic: string, totals: readonly number[]): Pick<Window, 'begins' | 'ends'> {
  if (automatic === 'VALID') return { begins: totals.map(() => 0), ends: totals.map(() => 0) };
  const small = totals.map((total) => Math.floor(total / 2));
  const large = totals.map((total) => Math.ceil(total / 2));
  if (automatic === 'SAME_UPPER') return { begins: small, ends: large };
  if (automatic === 'SAME_LOWER') return { begins: large, ends: small };
  throw new DatafreeError('attribute-invalid', `auto_pad "${automatic}" is unknown.`);
}

/**
 * Number of places the window takes along each axis: `⌊(size + padding − extent) / stride⌋ + 1`.
 *
 * @param ceil round up instead, but leave out a place that would start behind the input (ONNX pooling, `ceil_mode`)
 * @throws `shape-mismatch` when the window does not fit in
 */
export function places(window: Window, spatial: readonly number[], ceil = false): number[] {
  const extent = extents(window);
  return spatial.map((size, axis) => {
    const begin = window.begins[axis]!;
    const stride = window.strides[axis]!;
    const room = (size + begin + window.ends[axis]! - extent[axis]!) / stride;
    const count = (ceil ? Math.ceil(room) : Math.floor(room)) + 1;
    if (room < 0 || count < 1) {
      throw new DatafreeError(
        'shape-mismatch',
        `a window of ${extent} does not fit into [${spatial}] with its padding.`,
      );
    }
    return ceil && (count - 1) * stride >= size + begin ? count - 1 : count;
  });
}

/** Cells of padding that the last places really read at the end of each axis; negative where cells stay unread. */
export function neededEnds(window: SlidingWindow): number[] {
  const extent = extents(window);
  return window.input.map(
    (size, axis) => (window.output[axis]! - 1) * window.strides[axis]! + extent[axis]! - window.begins[axis]! - size,
  );
}

/** Whether all places of the window lie in the padding before the input along some axis. */
export function staysBefore(window: SlidingWindow): boolean {
  return neededEnds(window).some((end, axis) => window.input[axis]! + end <= 0);
}

/**
 * Where the window reads: entry `k · places + o` is the flat spatial index of kernel cell `k` at place `o`, or −1 in
 * the padding.
 */
export function windowTaps(window: SlidingWindow): Int32Array {
  let taps = Int32Array.of(0);
  let cells = 1;
  let count = 1;
  window.input.forEach((size, axis) => {
    const kernel = window.kernel[axis]!;
    const out = window.output[axis]!;
    const next = new Int32Array(cells * kernel * count * out);
    for (let k = 0; k < cells * kernel; k++) {
      for (let o = 0; o < count * out; o++) {
        const before = taps[Math.floor(k / kernel) * count + Math.floor(o / out)]!;
        const at = (o % out) * window.strides[axis]! + (k % kernel) * window.dilations[axis]! - window.begins[axis]!;
        next[k * count * out + o] = before < 0 || at < 0 || at >= size ? -1 : before * size + at;
      }
    }
    taps = next;
    cells *= kernel;
    count *= out;
  });
  return taps;
}

/** The spatial dimensions of a tensor: all after the sample and channel axes. @throws `shape-mismatch` below rank 3 */
export function spatialOf(shape: readonly number[]): number[] {
  if (shape.length < 3) {
    throw new DatafreeError('shape-mismatch', `[${shape}] has no spatial axis after samples and channels.`);
  }
  return shape.slice(2);
}

function checkList(name: string, values: readonly number[], length: number, least: number): void {
  if (values.length === length && values.every((value) => value >= least)) return;
  throw new DatafreeError(
    'attribute-invalid',
    `${name} is [${values}]; it needs ${length} values of at least ${least}.`,
  );
}
