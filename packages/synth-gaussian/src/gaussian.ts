import { elementCount, Random } from '@datafree/core';
import { assumedInput, checkCount, perChannel, sampleShape } from '@datafree/inversion';
import {
  apiVersion,
  checkGiven,
  DatafreeError,
  defineSynthesizer,
  type InputGrid,
  type Model,
  type SampleBatch,
  type SampleSet,
  type Synthesizer,
  throwIfAborted,
} from '@datafree/plugin';
import { type GaussianOptions, parseGaussianOptions } from './options.ts';

/**
 * Normal noise, the baseline: every value drawn by itself, truncated to the valid range and rounded to the valid
 * values where these are known. Needs no BatchNormalization and no gradients. Samples are drawn when they are read, so
 * that any number of them takes no memory.
 *
 * Without options the noise has mean 0 and deviation 1, or, where the range of valid inputs is known, the middle of it
 * and a quarter of its width.
 *
 * @throws `option-invalid`. `synthesize` throws `option-invalid`, `input-unsupported` and `aborted`.
 */
export function gaussian(options: GaussianOptions = {}): Synthesizer {
  const parsed = parseGaussianOptions(options);
  return defineSynthesizer({
    kind: 'synthesizer',
    name: 'gaussian',
    apiVersion,
    supports: { needsBatchNorm: false, needsGradients: false, labels: false, deterministic: true },
    options: parsed,
    async synthesize(model, request, context) {
      checkGiven('gaussian', { model, context });
      const { seed, signal, onProgress } = context;
      throwIfAborted(signal);
      const count = request?.count;
      checkCount('gaussian', count);
      const noise = noiseOf(model, parsed);
      onProgress({ stage: 'synthesis', unit: 'samples', done: count, total: count });
      return noiseSet(sampleShape(model), count, noise, new Random(seed).fork('gaussian'));
    },
  });
}

/** Fills one sample. */
type Noise = (sample: Float32Array, random: Random) => void;

/** A value outside the range is drawn again so many times, then clamped: the mean may lie far outside. */
const mostTries = 32;

function noiseOf(model: Model, options: ReturnType<typeof parseGaussianOptions>): Noise {
  const shape = sampleShape(model);
  const channels = shape[0] as number;
  const inner = elementCount(shape) / channels;
  const assumed = assumedInput(model);
  const means = perChannel(checked('mean', options.mean, channels) ?? assumed.mean, channels);
  const deviations = perChannel(checked('deviation', options.deviation, channels) ?? assumed.deviation, channels);
  const valid = validOf(model.grid, channels);
  return (sample, random) => {
    const standard = random.normals(sample.length);
    for (let i = 0; i < sample.length; i++) {
      const c = Math.floor(i / inner);
      const at = (z: number) => (means[c] as number) + (deviations[c] as number) * z;
      let value = at(standard[i] as number);
      for (let tries = 1; tries < mostTries && !valid.contains(value, c); tries++)
        value = at(random.normals(1)[0] as number);
      sample[i] = valid.nearest(value, c);
    }
  };
}

/** @throws `option-invalid` for a list that is not of one entry a channel, nor of one for all */
function checked<Values extends number | readonly number[]>(
  path: string,
  values: Values | undefined,
  channels: number,
): Values | undefined {
  if (!Array.isArray(values) || values.length === 1 || values.length === channels) return values;
  throw new DatafreeError(
    'option-invalid',
    `gaussian: ${path} has ${values.length} entries for ${channels} channels.`,
    {
      plugin: 'gaussian',
      path,
      hint: 'Give one number, or one for each channel.',
    },
  );
}

/** Which values a network may be given. */
function validOf(grid: InputGrid | undefined, channels: number) {
  if (grid === undefined) return { contains: () => true, nearest: (value: number) => value };
  const scales = perChannel(grid.scale, channels);
  const offsets = perChannel(grid.offset, channels);
  const stored = (value: number, c: number) => (value - (offsets[c] as number)) / (scales[c] as number);
  return {
    contains: (value: number, c: number) => stored(value, c) >= grid.low && stored(value, c) <= grid.high,
    nearest(value: number, c: number) {
      const inside = Math.min(grid.high, Math.max(grid.low, stored(value, c)));
      return (scales[c] as number) * (grid.whole ? Math.round(inside) : inside) + (offsets[c] as number);
    },
  };
}

function noiseSet(shape: readonly number[], count: number, noise: Noise, random: Random): SampleSet {
  const length = elementCount(shape);
  return {
    shape,
    count,
    labelled: false,
    async *batches(size): AsyncGenerator<SampleBatch> {
      for (let from = 0; from < count; from += size) {
        const samples = Math.min(size, count - from);
        const data = new Float32Array(samples * length);
        for (let n = 0; n < samples; n++) {
          // A generator for each sample: what is drawn does not depend on how samples are read.
          noise(data.subarray(n * length, (n + 1) * length), random.fork(from + n));
        }
        yield { data: { dtype: 'float32', dims: [samples, ...shape], data } };
      }
    },
  };
}
