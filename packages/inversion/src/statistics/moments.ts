import { add, concat, type GraphBuilder, mul, reduceMean, reshape, slice, type Value } from '@datafree/core';

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
  const axes = x.shape.flatMap((_, axis) => (axis === 1 || (perSample && axis === 0) ? [] : [axis]));
  const count = spatial.reduce((product, size) => product * size, perSample ? 1 : samples);
  const average = (value: Value) =>
    reshape(b, axes.length === 0 ? value : reduceMean(b, value, axes), [1, groups, channels]);
  const moments = concat(b, [average(x), average(mul(b, x, x))], 0);
  const along = [groups, channels, ...spatial.map(() => 1)];
  return b.setGradient(moments, {
    inputs: [x],
    gradient: (adjoint) => {
      const part = (index: number, factor: number) =>
        reshape(b, mul(b, slice(b, adjoint, { axes: [0], starts: [index], ends: [index + 1] }), factor / count), along);
      return [add(b, mul(b, x, part(1, 2)), part(0, 1))];
    },
  });
}
