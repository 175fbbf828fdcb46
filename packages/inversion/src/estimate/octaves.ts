import { elementCount, type Random } from '@datafree/core';
import type { BatchNormSite } from '@datafree/plugin';
import { nonNegativeLeastSquares } from './leastSquares.ts';
import { addNoise, type Octave } from './noise.ts';
import { type Probe, probeSamples } from './probe.ts';

/**
 * The mixture of noises whose variances at the site come closest to the running variances, relative to them. Leans
 * towards all noises alike, in the amount that fits best, where the network does not tell them apart.
 */
export async function fitOctaves(
  probe: Probe,
  site: BatchNormSite,
  shape: readonly number[],
  random: Random,
): Promise<Octave[]> {
  const candidates = octavesOf(shape);
  const target = Array.from(site.variance, (v) => Math.max(v, site.epsilon));
  // Row c says how many times the running variance of channel c each noise of variance 1 gives.
  const rows = target.map(() => new Float64Array(candidates.length));
  for (const [k, octave] of candidates.entries()) {
    const input = new Float32Array(probeSamples * elementCount(shape));
    addNoise(input, shape, { ...octave, variance: 1 }, random);
    const { mean, square } = await probe.run(input);
    pooledVariance(mean, square).forEach((variance, c) => {
      (rows[c] as Float64Array)[k] = variance / (target[c] as number);
    });
  }
  const ones = target.map(() => 1);
  const sums = rows.map((row) => row.reduce((sum, value) => sum + value, 0));
  const squares = sums.reduce((sum, value) => sum + value * value, 0);
  const alike = squares === 0 ? 0 : sums.reduce((sum, value) => sum + value, 0) / squares;
  const ridge = (ridgePart * rows.reduce((sum, row) => sum + squared(row), 0)) / candidates.length;
  const prior = candidates.map(() => alike);
  const variances = nonNegativeLeastSquares(rows, ones, ones, prior, ridge);
  return candidates.map((octave, k) => ({ ...octave, variance: variances[k] as number }));
}

/** Weight of the prior against a typical curvature of the fit. */
const ridgePart = 1e-3;

const squared = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0);

function octavesOf(shape: readonly number[]): Omit<Octave, 'variance'>[] {
  const [channels = 1, ...size] = shape;
  const grains = [1];
  if (size.length > 0) {
    for (let grain = 2; grain <= Math.max(...size) / 2; grain *= 2) grains.push(grain);
    grains.push(Number.POSITIVE_INFINITY);
  }
  const kinds = channels === 1 ? [true] : [true, false];
  return grains.flatMap((grain) => kinds.map((shared) => ({ grain, shared })));
}

/** Variance of each channel over all samples, from the moments of each. */
function pooledVariance(means: Float32Array, squares: Float32Array): Float64Array {
  const channels = means.length / probeSamples;
  const result = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    let square = 0;
    for (let n = 0; n < probeSamples; n++) {
      sum += means[n * channels + c] as number;
      square += squares[n * channels + c] as number;
    }
    result[c] = square / probeSamples - (sum / probeSamples) ** 2;
  }
  return result;
}
