import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Value } from '../../../graph/operator.ts';
import { elementCount, tensorOf } from '../../../tensor.ts';
import { div } from '../../elementwise/div.ts';
import { max } from '../../elementwise/max.ts';
import { mul } from '../../elementwise/mul.ts';
import { reshape } from '../../layout/reshape.ts';
import { reduceSum } from '../../reduction/reduceSum.ts';
import { conv } from '../conv/convNodes.ts';
import { convInputGradient } from '../conv/inputGradient.ts';
import { fit } from '../fit.ts';
import type { SlidingWindow } from '../window.ts';
import { equalMask } from './equalMask.ts';
import { asConvolution } from './pooling.ts';

/** What stands in the padding, and for −∞: lower than any other value of an input, and 0 when multiplied by 0. */
const lowest = -3.4e38;

/**
 * Derivative of a maximum over windows that may overlap. A convolution with one filter a cell of the window lays the
 * windows out, `[N · C, cells, …output]`; where a cell equals the maximum it takes its share of the adjoint; the
 * transposed convolution adds the shares up.
 */
export function maxPoolGradient(b: GraphBuilder, x: Value, y: Value, dy: Value, window: SlidingWindow): Value {
  const { kernel, input, output } = window;
  const planes = x.shape[0]! * x.shape[1]!;
  const cells = elementCount(kernel);
  const filters = b.constant(tensorOf(x.dtype, [cells, 1, ...kernel], unitFilters(cells)));
  const { begins, ends, ...padded } = { ...asConvolution(window) };
  const images = fit(b, reshape(b, max(b, x, lowest), [planes, 1, ...input]), begins, ends, lowest);
  const cellValues = conv(b, images, filters, undefined, { strides: padded.strides, dilations: padded.dilations });
  const one = [planes, 1, ...output];
  const taken = equalMask(b, cellValues, reshape(b, max(b, y, lowest), one));
  const share = div(b, reshape(b, dy, one), reduceSum(b, taken, [1], true));
  const dx = convInputGradient(b, mul(b, taken, share), filters, { ...padded, begins, ends });
  return reshape(b, dx, x.shape);
}

function unitFilters(cells: number): Float64Array {
  return Float64Array.from({ length: cells * cells }, (_, i) => Number(i % (cells + 1) === 0));
}
