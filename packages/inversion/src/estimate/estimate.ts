import { GraphBuilder, Random, tensorOf } from '@datafree/core';
import type { BatchNormSite, Context, Model, Session } from '@datafree/plugin';
import { sampleShape } from '../space/shape.ts';
import { channelMoments } from '../statistics/moments.ts';
import { leastSquares, nonNegativeLeastSquares } from './leastSquares.ts';
import { addNoise, type Octave } from './noise.ts';

/** What the inputs that a network was trained on look like, as far as the network tells. */
export interface InputEstimate {
  /** Mean of each channel of the network's input. */
  readonly mean: readonly number[];
  /** Standard deviation of each channel. */
  readonly deviation: readonly number[];
  /** Noise whose statistics in the first layer are those that the network remembers. */
  readonly octaves: readonly Octave[];
  /** False where the network does not tell and the values are assumed. */
  readonly known: boolean;
}

/**
 * Estimates mean, variance and grain of the inputs that a network was trained on from its first BatchNormalization.
 *
 * Where only linear operators lie before it, each of its channels has the mean `b_c + Σ_i A_ci µ_i` for channel means µ
 * of the input; A and b are the responses to constant inputs, and the running means give µ by least squares. Noise of
 * several grains, in grey and in colour, excites each channel differently; the mixture whose variances come closest to
 * the running variances is found by non-negative least squares.
 *
 * @param assumed what stands for the values where they cannot be told
 */
export async function estimateInput(
  model: Model,
  assumed: { readonly mean: readonly number[]; readonly deviation: readonly number[] },
  context: Pick<Context, 'runtime' | 'seed' | 'threads'>,
): Promise<InputEstimate> {
  const shape = sampleShape(model);
  const variance = mean(assumed.deviation.map((d) => d * d));
  const unknown: InputEstimate = { ...assumed, octaves: [{ grain: 1, shared: false, variance }], known: false };
  const site = firstSite(model);
  if (site === undefined || (shape[0] as number) > mostChannels) return unknown;
  const probe = await openProbe(model, site, shape, context);
  try {
    const random = new Random(context.seed).fork('estimate');
    const response = await linearResponse(probe, shape, random);
    if (response === undefined) return unknown;
    const weights = Array.from(site.variance, (v) => 1 / Math.max(v, site.epsilon));
    const target = Array.from(site.mean, (m, c) => m - (response.constant[c] as number));
    const size = response.rows.reduce((sum, row, c) => sum + (weights[c] as number) * squares(row), 0) / row0(response);
    const means = leastSquares(response.rows, target, weights, assumed.mean, 1e-3 * size + 1e-12);
    const octaves = await fitOctaves(probe, site, shape, means, variance, random);
    const total = octaves.reduce((sum, octave) => sum + octave.variance, 0);
    return { mean: means, deviation: means.map(() => Math.sqrt(total)), octaves, known: true };
  } finally {
    await probe.session.dispose();
  }
}

/** More channels than this cannot be told apart by one layer within reasonable work. */
const mostChannels = 16;

/** Samples that a probe runs at a time. */
const probeSamples = 24;

const squares = (row: ArrayLike<number>): number => Array.from(row).reduce((sum, value) => sum + value * value, 0);
const row0 = ({ rows }: { readonly rows: readonly ArrayLike<number>[] }): number =>
  (rows[0] as ArrayLike<number>).length;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The first BatchNormalization in the order of computation. */
function firstSite(model: Model): BatchNormSite | undefined {
  const order = new Map(model.graph.nodes.map((node, index) => [node.name, index]));
  return [...model.batchNorms].sort((x, y) => (order.get(x.node) ?? 0) - (order.get(y.node) ?? 0))[0];
}

interface Probe {
  readonly session: Session;
  /** Mean and mean square of each sample and channel at the site. */
  run(input: Float32Array): Promise<{ mean: Float32Array; square: Float32Array }>;
}

async function openProbe(
  model: Model,
  site: BatchNormSite,
  shape: readonly number[],
  { runtime, threads }: Pick<Context, 'runtime' | 'threads'>,
): Promise<Probe> {
  const b = new GraphBuilder({ name: 'first-layer' });
  const input = b.input('input', 'float32', [probeSamples, ...shape]);
  const find = b.inline(model.graph, { [model.input.name]: input }, { wanted: [site.tensor] });
  b.output(channelMoments(b, find(site.tensor), true), 'moments');
  const session = await runtime.compile(b.build(), threads === undefined ? {} : { threads });
  return {
    session,
    async run(values) {
      const { moments } = await session.run({ input: tensorOf('float32', [probeSamples, ...shape], values) });
      const data = moments?.data as Float32Array;
      return { mean: data.slice(0, data.length / 2), square: data.slice(data.length / 2) };
    },
  };
}

/** Response of the channel means at the site to a constant 1 in each input channel; undefined where it is not linear. */
async function linearResponse(
  probe: Probe,
  shape: readonly number[],
  random: Random,
): Promise<{ rows: Float64Array[]; constant: Float64Array } | undefined> {
  const [channels = 1, ...size] = shape;
  const inner = size.reduce((product, length) => product * length, 1);
  const input = new Float32Array(probeSamples * channels * inner);
  const fill = (sample: number, channel: number, value: number) => {
    const from = (sample * channels + channel) * inner;
    input.fill(value, from, from + inner);
  };
  // Sample 0 is zero, 1 … C one channel at 1, then two random ones and their sum.
  for (let c = 0; c < channels; c++) fill(1 + c, c, 1);
  const trials = [channels + 1, channels + 2, channels + 3] as const;
  for (let i = 0; i < channels * inner; i++) {
    const first = random.uniform(-1, 1);
    const second = random.uniform(-1, 1);
    input[trials[0] * channels * inner + i] = first;
    input[trials[1] * channels * inner + i] = second;
    input[trials[2] * channels * inner + i] = first + second;
  }
  const { mean: means } = await probe.run(input);
  const outputs = means.length / probeSamples;
  const at = (sample: number, output: number) => means[sample * outputs + output] as number;
  const rows: Float64Array[] = [];
  const constant = new Float64Array(outputs);
  let largest = 0;
  let worst = 0;
  for (let o = 0; o < outputs; o++) {
    constant[o] = at(0, o);
    rows.push(Float64Array.from({ length: channels }, (_, c) => at(1 + c, o) - at(0, o)));
    const sum = at(trials[0], o) + at(trials[1], o) - at(0, o);
    largest = Math.max(largest, Math.abs(at(trials[0], o)), Math.abs(at(trials[1], o)), Math.abs(at(0, o)));
    worst = Math.max(worst, Math.abs(sum - at(trials[2], o)));
  }
  return worst <= 1e-3 * largest ? { rows, constant } : undefined;
}

/** The mixture of noises whose variances at the site come closest to the running variances, relative to them. */
async function fitOctaves(
  probe: Probe,
  site: BatchNormSite,
  shape: readonly number[],
  means: readonly number[],
  variance: number,
  random: Random,
): Promise<Octave[]> {
  const candidates = octavesOf(shape);
  const columns: Float64Array[] = [];
  for (const octave of candidates) {
    const input = constantField(means, shape, probeSamples);
    addNoise(input, shape, { ...octave, variance }, random);
    const { mean: m, square } = await probe.run(input);
    columns.push(pooledVariance(m, square));
  }
  const target = Array.from(site.variance, (v) => Math.max(v, site.epsilon));
  const rows = target.map((_, c) => columns.map((column) => column[c] as number));
  const weights = target.map((v) => 1 / v ** 2);
  const prior = candidates.map(() => 1 / candidates.length);
  const size = mean(
    candidates.map((_, k) => rows.reduce((sum, row, c) => sum + (weights[c] as number) * (row[k] as number) ** 2, 0)),
  );
  const shares = nonNegativeLeastSquares(rows, target, weights, prior, 1e-3 * size);
  return candidates.map((octave, k) => ({ ...octave, variance: (shares[k] as number) * variance }));
}

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

/** `samples` samples, each channel constant. */
export function constantField(values: readonly number[], shape: readonly number[], samples: number): Float32Array {
  const [channels = 1, ...size] = shape;
  const inner = size.reduce((product, length) => product * length, 1);
  const field = new Float32Array(samples * channels * inner);
  for (let n = 0; n < samples; n++) {
    for (let c = 0; c < channels; c++) {
      const from = (n * channels + c) * inner;
      field.fill(values[c] as number, from, from + inner);
    }
  }
  return field;
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
