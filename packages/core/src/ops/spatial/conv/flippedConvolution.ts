import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Value } from '../../../graph/operator.ts';
import { reshape } from '../../layout/reshape.ts';
import { slice } from '../../layout/slice.ts';
import { transpose } from '../../layout/transpose.ts';
import { fit } from '../fit.ts';
import { extents } from '../window.ts';
import { conv } from './convNodes.ts';
import type { Convolution } from './convolution.ts';

/**
 * Transposed convolution without strides, as a convolution of the adjoint `dy` [N, M, …] with flipped weights `w`
 * [M, C / groups, …] (Dumoulin and Visin 2016, section 4): `dx[i] = Σ_k dy[i + begin − k · dilation] · w[k]`, so
 * the padding becomes `extent − 1 − begin`; where that is negative, `dy` is cut instead.
 */
export function flippedConvolution(b: GraphBuilder, dy: Value, w: Value, convolution: Convolution): Value {
  const { dilations, groups } = convolution;
  const extent = extents(convolution);
  const begins = extent.map((size, axis) => size - 1 - convolution.begins[axis]!);
  const ends = extent.map((size, axis) => size - 1 - convolution.ends[axis]!);
  const cut = fit(
    b,
    dy,
    begins.map((n) => Math.min(0, n)),
    ends.map((n) => Math.min(0, n)),
  );
  const pads = [...begins, ...ends].map((n) => Math.max(0, n));
  return conv(b, cut, swapChannels(b, flip(b, w), groups), undefined, { dilations, pads, groups });
}

/** Reverses the spatial axes of weights. */
function flip(b: GraphBuilder, w: Value): Value {
  const axes = [...w.shape.keys()].filter((axis) => axis >= 2 && w.shape[axis]! > 1);
  if (axes.length === 0) return w;
  return slice(b, w, {
    axes,
    starts: axes.map(() => -1),
    ends: axes.map((axis) => -w.shape[axis]! - 1),
    steps: axes.map(() => -1),
  });
}

/** Swaps input and output channels within each group: [g · m, c, …] becomes [g · c, m, …]. */
function swapChannels(b: GraphBuilder, w: Value, groups: number): Value {
  const [filters, depth, ...kernel] = w.shape as [number, number, ...number[]];
  const perGroup = filters / groups;
  const split = reshape(b, w, [groups, perGroup, depth, ...kernel]);
  const swapped = transpose(b, split, [0, 2, 1, ...kernel.map((_, axis) => axis + 3)]);
  return reshape(b, swapped, [groups * depth, perGroup, ...kernel]);
}
