import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Value } from '../../../graph/operator.ts';
import { tensorOf } from '../../../tensor.ts';
import { reshape } from '../../layout/reshape.ts';
import { reduceSum } from '../../reduction/reduceSum.ts';
import { fit } from '../fit.ts';
import { neededEnds, staysBefore } from '../window.ts';
import { conv } from './convNodes.ts';
import type { Convolution } from './convolution.ts';

/**
 * Weight gradient with one input channel a group: a convolution of `x` with the adjoint as its kernel, a group for
 * each sample and channel; strides and dilations change places.
 */
export function depthwiseCorrelation(b: GraphBuilder, x: Value, dy: Value, convolution: Convolution): Value {
  const { kernel, strides, dilations, begins, input, output } = convolution;
  const [samples, channels] = x.shape as [number, number];
  const filters = dy.shape[1]!;
  if (staysBefore(convolution)) return b.constant(tensorOf(x.dtype, [filters, 1, ...kernel], []));
  const groups = samples * channels;
  const ends = neededEnds(convolution);
  const images = reshape(b, x, [1, groups, ...input]);
  const cut = fit(
    b,
    images,
    begins.map(() => 0),
    ends.map((n) => Math.min(0, n)),
  );
  const kernels = reshape(b, dy, [samples * filters, 1, ...output]);
  const pads = [...begins, ...ends.map((n) => Math.max(0, n))];
  const correlated = conv(b, cut, kernels, undefined, { strides: dilations, dilations: strides, pads, groups });
  return reduceSum(b, reshape(b, correlated, [samples, filters, 1, ...kernel]), [0]);
}
