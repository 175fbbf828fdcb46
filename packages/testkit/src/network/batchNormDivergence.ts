import { ChannelMoments, elementCount } from '@datafree/core';
import { DatafreeError, type Model, type Runtime, type SampleSet } from '@datafree/plugin';

/** A variance counts as this much at least. */
const smallestVariance = 1e-8;

/**
 * How far the statistics of samples are from those that the network's BatchNormalizations remember: the mean over
 * layers of the mean over channels of `KL(N(m, v) ‖ N(M, V)) = ½ (v/V − 1 − ln(v/V) + (m − M)²/V)`, in nats
 * (Haroush et al., "The Knowledge Within", CVPR 2020).
 *
 * @throws `batchnorm-missing`
 */
export async function batchNormDivergence(model: Model, samples: SampleSet, runtime: Runtime): Promise<number> {
  const { graph, batchNorms, input } = model;
  if (batchNorms.length === 0) throw new DatafreeError('batchnorm-missing', 'The network has no BatchNormalization.');
  const outputs = batchNorms.map(({ tensor, channels }) => ({
    name: tensor,
    dtype: input.dtype,
    shape: [input.shape[0] as string | number, channels, ...input.shape.slice(2).map((_, axis) => `${tensor}.${axis}`)],
  }));
  const moments = batchNorms.map(({ channels, mean }) => new ChannelMoments(channels, mean));
  const session = await runtime.compile({ ...graph, outputs });
  try {
    for await (const { data } of samples.batches(32)) {
      const values = await session.run({ [input.name]: data });
      for (const [layer, { tensor }] of batchNorms.entries()) {
        const value = values[tensor]!;
        moments[layer]!.add(value.data as Float32Array, elementCount(value.dims.slice(2)));
      }
    }
  } finally {
    await session.dispose();
  }
  const divergences = batchNorms.map(({ channels, mean: M, variance: V }, layer) => {
    const mean = moments[layer]!.mean();
    const variance = moments[layer]!.variance();
    let sum = 0;
    for (let c = 0; c < channels; c++) {
      const remembered = Math.max(V[c] as number, smallestVariance);
      const ratio = Math.max(variance[c] as number, smallestVariance) / remembered;
      sum += (ratio - 1 - Math.log(ratio) + ((mean[c] as number) - (M[c] as number)) ** 2 / remembered) / 2;
    }
    return sum / channels;
  });
  return divergences.reduce((sum, value) => sum + value, 0) / divergences.length;
}
