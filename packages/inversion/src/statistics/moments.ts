import {
  add,
  batchNormalization,
  concat,
  elementCount,
  type GraphBuilder,
  mul,
  reduceMean,
  reshape,
  split,
  tensorOf,
  type Value,
} from '@datafree/core';

/**
 * Writes the first two moments of each channel of some values, `[mean(x), mean(x²)]`, as one value of shape
 * [2, groups, C], C being the channels of all of them: what is small is computed for all of them at once.
 *
 * The derivative is written in the one form `(g₁ + 2·g₂·x) / n`, n being the values averaged.
 *
 * @param xs channels on axis 1, any rank from 2, as many samples in each
 * @param perSample averages within each sample (groups = N) instead of over the batch (groups = 1)
 */
export function channelMoments(b: GraphBuilder, xs: readonly Value[], perSample = false): Value {
  const samples = xs[0]?.shape[0] ?? 1;
  const channels = xs.map((x) => x.shape[1] ?? 1);
  const all = channels.reduce((sum, size) => sum + size, 0);
  // Positions before samples: both runs of equal length, and each sum is a short one.
  const average = (values: readonly Value[]): Value => {
    const within = concat(
      b,
      values.map((value) => overPositions(b, value)),
      1,
    );
    return reshape(b, perSample ? within : reduceMean(b, within, [0]), [1, perSample ? samples : 1, all]);
  };
  const moments = concat(b, [average(xs), average(xs.map((x) => mul(b, x, x)))], 0);
  const counts = xs.map(({ shape }) => elementCount(shape) / (shape[1] as number) / (perSample ? samples : 1));
  const factors = (factor: number) =>
    counts.flatMap((count, i) => new Array<number>(channels[i] ?? 0).fill(factor / count));
  return b.setGradient(moments, {
    inputs: xs,
    gradient: (adjoint) => {
      const both = b.constant(tensorOf('float32', [2, 1, all], [...factors(1), ...factors(2)]));
      const [shifts, scales] = split(b, mul(b, adjoint, both), [1, 1], 0).map((part) => split(b, part, channels, 2));
      const apply = perSample ? scaledBySample : scaled;
      return xs.map((x, i) => apply(b, x, scales?.[i] as Value, shifts?.[i] as Value));
    },
  });
}

function overPositions(b: GraphBuilder, x: Value): Value {
  const axes = x.shape.map((_, axis) => axis).slice(2);
  return axes.length === 0 ? x : reduceMean(b, x, axes);
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
