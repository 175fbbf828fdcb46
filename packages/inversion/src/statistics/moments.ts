import {
  add,
  batchNormalization,
  concat,
  type GraphBuilder,
  mul,
  reduceMean,
  reshape,
  slice,
  tensorOf,
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
  const average = (value: Value): Value => {
    // Positions before samples: both runs of equal length, and each sum is a short one.
    const within =
      spatial.length === 0
        ? value
        : reduceMean(
            b,
            value,
            spatial.map((_, axis) => axis + 2),
          );
    return reshape(b, perSample ? within : reduceMean(b, within, [0]), [1, groups, channels]);
  };
  const moments = concat(b, [average(x), average(mul(b, x, x))], 0);
  return b.setGradient(moments, {
    inputs: [x],
    gradient: (adjoint) => {
      const part = (index: number, factor: number) =>
        mul(b, slice(b, adjoint, { axes: [0], starts: [index], ends: [index + 1] }), factor / count);
      return [perSample ? scaledBySample(b, x, part(1, 2), part(0, 1)) : scaled(b, x, part(1, 2), part(0, 1))];
    },
  });
}

/** `scale · x + shift` for each channel. As a BatchNormalization it is one pass over the values instead of two. */
function scaled(b: GraphBuilder, x: Value, scale: Value, shift: Value): Value {
  const channels = x.shape[1] as number;
  const row = (value: Value) => reshape(b, value, [channels]);
  const constant = (value: number) =>
    b.constant(tensorOf('float32', [channels], new Array<number>(channels).fill(value)));
  return batchNormalization(
    b,
    x,
    { scale: row(scale), shift: row(shift), mean: constant(0), variance: constant(1) },
    0,
  );
}

/** `scale · x + shift` for each channel of each sample. */
function scaledBySample(b: GraphBuilder, x: Value, scale: Value, shift: Value): Value {
  const [samples = 1, channels = 1, ...spatial] = x.shape;
  const spread = (value: Value) => reshape(b, value, [samples, channels, ...spatial.map(() => 1)]);
  return add(b, mul(b, x, spread(scale)), spread(shift));
}
