import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Value } from '../../../graph/operator.ts';
import { elementCount, tensorOf } from '../../../tensor.ts';
import { reshape } from '../../layout/reshape.ts';
import { convInputGradient } from '../conv/inputGradient.ts';
import type { SlidingWindow } from '../window.ts';
import { asConvolution } from './pooling.ts';

/**
 * Adds `weight` times the value at each place to every cell of its window: [N, C, …output] becomes [N, C, …input].
 */
export function spread(b: GraphBuilder, dy: Value, window: SlidingWindow, weight: number): Value {
  const [samples, channels] = dy.shape as [number, number];
  const cells = new Array<number>(elementCount(window.kernel)).fill(weight);
  const images = reshape(b, dy, [samples * channels, 1, ...window.output]);
  const kernel = b.constant(tensorOf(dy.dtype, [1, 1, ...window.kernel], cells));
  const dx = convInputGradient(b, images, kernel, asConvolution(window));
  return reshape(b, dx, [samples, channels, ...window.input]);
}
