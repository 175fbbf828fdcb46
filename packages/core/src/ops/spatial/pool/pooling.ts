import type { Attributes, Node, Tensor } from '@datafree/plugin';
import { attributes, int, intOf, ints, intsOf } from '../../../graph/attributes.ts';
import { elementCount, numbersOf } from '../../../tensor.ts';
import type { Convolution } from '../conv/convolution.ts';
import { neededEnds, places, type SlidingWindow, spatialOf, windowOf, windowTaps } from '../window.ts';

/** Options of a pooling; lists have one entry a spatial axis. */
export interface PoolOptions {
  readonly kernel: readonly number[];
  readonly strides?: readonly number[] | undefined;
  readonly dilations?: readonly number[] | undefined;
  /** Padding before each axis, then after each axis. */
  readonly pads?: readonly number[] | undefined;
  /** Round the number of places up. */
  readonly ceil?: boolean | undefined;
}

/** The attributes of {@link PoolOptions}. */
export function poolAttributes({ kernel, strides, dilations, pads, ceil }: PoolOptions): Attributes {
  return attributes({
    kernel_shape: ints(kernel),
    strides: strides && ints(strides),
    dilations: dilations && ints(dilations),
    pads: pads && ints(pads),
    ceil_mode: ceil ? int(1) : undefined,
  });
}

/** The window of a pooling node. @throws `shape-mismatch`, `attribute-invalid` */
export function poolingOf(node: Node, shape: readonly number[]): SlidingWindow {
  const input = spatialOf(shape);
  const window = windowOf(node, input, intsOf(node, 'kernel_shape'));
  return { ...window, input, output: places(window, input, intOf(node, 'ceil_mode', 0) === 1) };
}

/** True when the windows lie side by side, inside the input. */
export function isTiling(pooling: SlidingWindow): boolean {
  const { kernel, strides, dilations, begins } = pooling;
  return (
    kernel.every((size, axis) => size === strides[axis] && (size === 1 || dilations[axis] === 1)) &&
    begins.every((begin) => begin === 0) &&
    neededEnds(pooling).every((end) => end <= 0)
  );
}

/** The convolution that the window would do on one channel. In ceil mode its last places need more padding. */
export function asConvolution(pooling: SlidingWindow): Convolution {
  const needed = neededEnds(pooling);
  return { ...pooling, ends: pooling.ends.map((end, axis) => Math.max(end, needed[axis]!)), groups: 1 };
}

/**
 * Reduces each window of each plane of [N, C, …] to a number.
 *
 * @param reduce told all elements, the cells of the window within its plane, and the offset of the plane
 */
export function reduceWindows(
  x: Tensor,
  pooling: SlidingWindow,
  reduce: (data: ArrayLike<number>, cells: readonly number[], offset: number) => number,
): Float64Array {
  const taps = windowTaps(pooling);
  const count = elementCount(pooling.output);
  const size = elementCount(pooling.input);
  const windows = Array.from({ length: count }, (_, o) => {
    const cells: number[] = [];
    for (let at = o; at < taps.length; at += count) if (taps[at]! >= 0) cells.push(taps[at]!);
    return cells;
  });
  const data = numbersOf(x);
  const result = new Float64Array(x.dims[0]! * x.dims[1]! * count);
  for (let i = 0; i < result.length; i++) {
    const offset = Math.floor(i / count) * size;
    result[i] = reduce(data, windows[i % count]!, offset);
  }
  return result;
}
