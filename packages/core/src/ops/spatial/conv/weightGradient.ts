import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Value } from '../../../graph/operator.ts';
import type { Convolution } from './convolution.ts';
import { correlation } from './correlation.ts';
import { depthwiseCorrelation } from './depthwiseCorrelation.ts';

/**
 * The derivative of a convolution of `x` [N, C, …], adjoint `dy` [N, M, …], by its weights [M, C / groups, …]:
 * `dw[m, c, k] = Σ_{n, o} dy[n, m, o] · x[n, c, o · stride + k · dilation − begin]`.
 */
export function convWeightGradient(b: GraphBuilder, x: Value, dy: Value, convolution: Convolution): Value {
  const { groups, strides } = convolution;
  const depthwise = x.shape[1] === groups && strides.some((stride) => stride > 1);
  return (depthwise ? depthwiseCorrelation : correlation)(b, x, dy, convolution);
}
