import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Value } from '../../../graph/operator.ts';
import { extents } from '../window.ts';
import { convTranspose } from './convNodes.ts';
import type { Convolution } from './convolution.ts';

/**
 * Transposed convolution as ConvTranspose (Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep
 * learning", section 4). Its output padding is the cells that no window reached.
 */
export function transposedConvolution(b: GraphBuilder, dy: Value, w: Value, convolution: Convolution): Value {
  const { strides, dilations, begins, ends, groups, input, output } = convolution;
  const extent = extents(convolution);
  const outputPadding = input.map(
    (size, axis) => size + begins[axis]! + ends[axis]! - (output[axis]! - 1) * strides[axis]! - extent[axis]!,
  );
  return convTranspose(b, dy, w, undefined, { strides, dilations, pads: [...begins, ...ends], groups, outputPadding });
}
