import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Value } from '../../../graph/operator.ts';
import { elementCount, tensorOf } from '../../../tensor.ts';
import { mul } from '../../elementwise/mul.ts';
import { reshape } from '../../layout/reshape.ts';
import { convInputGradient } from '../conv/inputGradient.ts';
import { fit } from '../fit.ts';
import { enlarge } from '../resize/enlarge.ts';
import { neededEnds, type SlidingWindow } from '../window.ts';
import { averagePool } from './averagePoolNode.ts';
import { asConvolution, isTiling } from './pooling.ts';

/**
 * Adds `weight` times the value at each place to every cell of its window: [N, C, …output] becomes [N, C, …input].
 * Where windows lie side by side that is an enlargement; one cell apart it is a pooling itself.
 */
export function spread(b: GraphBuilder, dy: Value, window: SlidingWindow, weight: number): Value {
  if (isTiling(window)) return spreadOverTiles(b, dy, window, weight);
  const plain = window.strides.every((stride) => stride === 1) && window.dilations.every((step) => step === 1);
  return (plain ? spreadByPooling : spreadByConvolution)(b, dy, window, weight);
}

function spreadOverTiles(b: GraphBuilder, dy: Value, window: SlidingWindow, weight: number): Value {
  const unread = neededEnds(window).map((end) => -end);
  const enlarged = enlarge(b, weight === 1 ? dy : mul(b, dy, weight), window.kernel);
  return fit(
    b,
    enlarged,
    unread.map(() => 0),
    unread,
  );
}

/** A cell is in the windows that begin up to `kernel − 1` before it. */
function spreadByPooling(b: GraphBuilder, dy: Value, window: SlidingWindow, weight: number): Value {
  const { kernel, begins } = window;
  const before = kernel.map((size, axis) => size - 1 - begins[axis]!);
  const after = window.input.map((size, axis) => size + kernel[axis]! - 1 - before[axis]! - dy.shape[axis + 2]!);
  const negative = (values: readonly number[]) => values.map((n) => Math.min(0, n));
  const pads = [...before, ...after].map((n) => Math.max(0, n));
  const cut = fit(b, dy, negative(before), negative(after));
  const scale = weight * elementCount(kernel);
  return averagePool(b, scale === 1 ? cut : mul(b, cut, scale), { kernel, pads, countPadding: true });
}

function spreadByConvolution(b: GraphBuilder, dy: Value, window: SlidingWindow, weight: number): Value {
  const [samples, channels] = dy.shape as [number, number];
  const cells = new Array<number>(elementCount(window.kernel)).fill(weight);
  const images = reshape(b, dy, [samples * channels, 1, ...window.output]);
  const kernel = b.constant(tensorOf(dy.dtype, [1, 1, ...window.kernel], cells));
  const dx = convInputGradient(b, images, kernel, asConvolution(window));
  return reshape(b, dx, [samples, channels, ...window.input]);
}
