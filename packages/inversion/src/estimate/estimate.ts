import { Random } from '@datafree/core';
import type { BatchNormSite, Context, Model } from '@datafree/plugin';
import { sampleShape } from '../space/shape.ts';
import { leastSquares } from './leastSquares.ts';
import type { Octave } from './noise.ts';
import { fitOctaves } from './octaves.ts';
import { openProbe } from './probe.ts';
import { type LinearResponse, linearResponse, mostChannels } from './response.ts';

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
  const variance = assumed.deviation.reduce((sum, d) => sum + d * d, 0) / assumed.deviation.length;
  const unknown: InputEstimate = { ...assumed, octaves: [{ grain: 1, shared: false, variance }], known: false };
  const site = firstSite(model);
  if (site === undefined || (shape[0] as number) > mostChannels) return unknown;
  const probe = await openProbe(model, site, shape, context);
  try {
    const random = new Random(context.seed).fork('estimate');
    const response = await linearResponse(probe, shape, random);
    if (response === undefined) return unknown;
    const mean = channelMeans(response, site, assumed.mean);
    const octaves = await fitOctaves(probe, site, shape, random);
    const total = octaves.reduce((sum, octave) => sum + octave.variance, 0);
    // A layer that does not respond to noise tells nothing.
    if (!(total > 0 && Number.isFinite(total) && mean.every(Number.isFinite))) return unknown;
    return { mean, deviation: mean.map(() => Math.sqrt(total)), octaves, known: true };
  } finally {
    await probe.dispose();
  }
}

/** The channel means whose response comes closest to the running means, in units of the running deviations. */
function channelMeans(response: LinearResponse, site: BatchNormSite, assumed: readonly number[]): number[] {
  const weights = Array.from(site.variance, (variance) => 1 / Math.max(variance, site.epsilon));
  const target = Array.from(site.mean, (mean, c) => mean - (response.constant[c] as number));
  const curvature = response.rows.reduce(
    (sum, row, c) => sum + (weights[c] as number) * row.reduce((squares, value) => squares + value * value, 0),
    0,
  );
  return leastSquares(response.rows, target, weights, assumed, (ridgePart * curvature) / assumed.length + tiny);
}

/** Weight of the assumed means against a typical curvature of the fit. */
const ridgePart = 1e-3;

/** Keeps the equations solvable for a layer that does not respond at all. */
const tiny = 1e-12;

/** The first BatchNormalization in the order of computation. */
function firstSite(model: Model): BatchNormSite | undefined {
  const order = new Map(model.graph.nodes.map((node, index) => [node.name, index]));
  return [...model.batchNorms].sort((x, y) => (order.get(x.node) ?? 0) - (order.get(y.node) ?? 0))[0];
}
