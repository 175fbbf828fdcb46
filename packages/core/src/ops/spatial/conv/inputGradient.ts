import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Value } from '../../../graph/operator.ts';
import type { Convolution } from './convolution.ts';
import { flippedConvolution } from './flippedConvolution.ts';
import { transposedConvolution } from './transposedConvolution.ts';

/**
 * The derivative of a convolution by its input, the transposed convolution of the adjoint `dy` [N, M, …] with the
 * weights `w` [M, C / groups, …]. Without strides that is a convolution with flipped weights.
 */
export function convInputGradient(b: GraphBuilder, dy: Value, w: Value, convolution: Convolution): Value {
  const strategy = convolution.strides.every((stride) => stride === 1) ? flippedConvolution : transposedConvolution;
  return strategy(b, dy, w, convolution);
}
