import {
  add,
  concat,
  type GraphBuilder,
  globalAveragePool,
  mul,
  reduceMean,
  reshape,
  slice,
  type Value,
} from '@datafree/core';

/**
 * Writes the first two moments of each channel, `[mean(x), mean(x²)]`, as one value of shape [2, groups, C].
 *
 * The derivative is written in the one form `(g₁ + 2·g₂·x) / n`, n being the values averaged.
 *
 * @param x channels on axis 1, any rank from 2
 * @param perSample averages within each sample (groups = N) instead of over the batch (groups = 1)
 */
export function channelMoments(b: GraphBuilder, x: Value, perSample = false): Value {
  const [samples = 1, channels = 1, ...spatial] = x.shape;
  const groups = perSample ? samples : 1;
  const count = spatial.reduce((product, size) => product * size, perSample ? 1 : samples);
  // Averaging over positions first is the faster way through a large value.
  const average = (value: Value) => {
    const perPosition = spatial.length === 0 ? value : globalAveragePool(b, value);
    const rows = reshape(b, perPosition, [samples, channels]);
    return reshape(b, perSample ? rows : reduceMean(b, rows, [0]), [1, groups, channels]);
  };
  const along = [groups, channels, ...spatial.map(() => 1)];
  const moments = concat(b, [average(x), average(mul(b, x, x))], 0);
  return b.setGradient(moments, {
    inputs: [x],
    gradient: (adjoint) => {
      const part = (index: number, factor: number) =>
        reshape(b, mul(b, slice(b, adjoint, { axes: [0], starts: [index], ends: [index + 1] }), factor / count), along);
      return [add(b, mul(b, x, part(1, 2)), part(0, 1))];
    },
  });
}
