import { add, matMul, max, mul, reduceMean, slice, sqrt, squeeze, sub, tensorOf, type Value } from '@datafree/core';
import { type BatchNormSite, DatafreeError, type Model } from '@datafree/plugin';
import { perChannel } from '../space/perChannel.ts';
import { type Divergence, gaussianKl, squaredDifference } from '../statistics/divergence.ts';
import { channelMoments } from '../statistics/moments.ts';
import type { Term, TermScope } from './term.ts';

/** The forms of {@link batchNormStatistics}. */
export interface BatchNormOptions {
  readonly weight?: number;
  /**
   * `kl`: KL(batch ‖ stored), of "The Knowledge Within"; `reverse-kl`: the other direction; `symmetric`: their mean;
   * `l2`: squared differences of means and of variances; `norm`: the Euclidean norms of these differences, layer by
   * layer (DeepInversion).
   */
  readonly divergence?: Divergence;
  /**
   * Whose statistics are compared: those of each `batch`; of the whole growing `set`, finished batches included; of
   * each `sample`.
   */
  readonly granularity?: 'batch' | 'set' | 'sample';
  /** Mean over the channels of a layer and over layers, or sums. */
  readonly aggregation?: 'mean' | 'sum';
  /**
   * The network's input as one more layer: its mean and variance (one entry a channel, or one for all), or `estimated`
   * from the network where that can be done.
   */
  readonly input?: { readonly mean: readonly number[]; readonly variance: readonly number[] } | 'estimated' | undefined;
  /** The weight of a layer among the others; 1 when absent. */
  readonly layerWeight?: (site: BatchNormSite, index: number) => number;
  /** Smallest variance that is told from zero; each layer's own epsilon when absent. */
  readonly varianceFloor?: number | undefined;
}

/**
 * The distance between the statistics of what enters each BatchNormalization and the running statistics stored in it
 * (Haroush et al., "The Knowledge Within", section 3.3, and its variants).
 */
export function batchNormStatistics(options: BatchNormOptions = {}): Term {
  const { weight = 1, divergence = 'kl', granularity = 'batch', aggregation = 'mean' } = options;
  const perSample = granularity === 'sample';
  return {
    name: 'bns',
    weight,
    reads: (model) => model.batchNorms.map((site) => site.tensor),
    write(scope) {
      const { builder: b, model } = scope;
      const layers = layersOf(scope, options, perSample);
      if (layers.length === 0) throw noStatistics(model);
      const values = layers.map((layer) => layer.value);
      const own = channelMoments(b, values, perSample);
      const moments = granularity === 'set' ? scope.overSet('moments', own) : own;
      const row = (values: readonly number[]) => b.constant(tensorOf('float32', [1, values.length], values));
      const floor = layers.flatMap((layer) => layer.mean.map(() => layer.floor));
      const part = (index: number) =>
        squeeze(b, slice(b, moments, { axes: [0], starts: [index], ends: [index + 1] }), [0]);
      const mean = part(0);
      const batch = { mean, variance: max(b, sub(b, part(1), mul(b, mean, mean)), row(floor)) };
      const stored = {
        mean: row(layers.flatMap((layer) => layer.mean)),
        variance: row(layers.flatMap((layer) => layer.variance.map((v) => Math.max(v, layer.floor)))),
      };

      const mixing = layerMatrix(layers, aggregation);
      const perLayer = (value: Value) => matMul(b, value, b.constant(mixing));
      const layerLoss = ((): Value => {
        switch (divergence) {
          case 'kl':
            return perLayer(gaussianKl(b, batch, stored));
          case 'reverse-kl':
            return perLayer(gaussianKl(b, stored, batch));
          case 'symmetric':
            return perLayer(mul(b, add(b, gaussianKl(b, batch, stored), gaussianKl(b, stored, batch)), 0.5));
          case 'l2': {
            const means = squaredDifference(b, batch.mean, stored.mean);
            return perLayer(add(b, means, squaredDifference(b, batch.variance, stored.variance)));
          }
          case 'norm': {
            // The root has no derivative at 0: a trace far below any statistic keeps away from it.
            const root = (squares: Value) => sqrt(b, add(b, perLayer(squares), 1e-20));
            const means = root(squaredDifference(b, batch.mean, stored.mean));
            return add(b, means, root(squaredDifference(b, batch.variance, stored.variance)));
          }
        }
      })();
      const total = layers.reduce((sum, layer) => sum + layer.weight, 0);
      const shares = layers.map((layer) => (aggregation === 'mean' ? layer.weight / total : layer.weight));
      const weights = b.constant(tensorOf('float32', [layers.length, 1], shares));
      return reduceMean(b, matMul(b, layerLoss, weights));
    },
  };
}

interface Layer {
  readonly value: Value;
  readonly mean: readonly number[];
  readonly variance: readonly number[];
  readonly floor: number;
  readonly weight: number;
}

function layersOf(scope: TermScope, options: BatchNormOptions, perSample: boolean): Layer[] {
  const { layerWeight = () => 1, varianceFloor, input } = options;
  const layers = scope.model.batchNorms.map((site, index) => ({
    value: scope.network(site.tensor),
    mean: Array.from(site.mean),
    variance: Array.from(site.variance),
    floor: varianceFloor ?? site.epsilon,
    weight: layerWeight(site, index),
  }));
  const target = input === 'estimated' ? estimatedInput(scope) : input;
  if (target !== undefined) {
    const channels = scope.input.shape[1] as number;
    const [mean, variance] = [perChannel(target.mean, channels), perChannel(target.variance, channels)];
    layers.unshift({ value: scope.input, mean, variance, floor: 1e-8, weight: 1 });
  }
  // A sample of a layer without positions is one number a channel: it has no variance.
  return layers.filter((layer) => layer.weight !== 0 && !(perSample && layer.value.shape.length === 2));
}

function estimatedInput({ estimate }: TermScope) {
  if (!estimate.known) return undefined;
  return { mean: estimate.mean, variance: estimate.deviation.map((deviation) => deviation ** 2) };
}

/** [channels of all layers, layers]: averages or sums the channels of each layer. */
function layerMatrix(layers: readonly Layer[], aggregation: 'mean' | 'sum') {
  const channels = layers.reduce((sum, layer) => sum + layer.mean.length, 0);
  const entries = new Float32Array(channels * layers.length);
  let channel = 0;
  layers.forEach((layer, l) => {
    for (let c = 0; c < layer.mean.length; c++, channel++) {
      entries[channel * layers.length + l] = aggregation === 'mean' ? 1 / layer.mean.length : 1;
    }
  });
  return tensorOf('float32', [channels, layers.length], entries);
}

function noStatistics(model: Model): DatafreeError {
  return new DatafreeError('batchnorm-missing', `Network "${model.graph.name}" has no BatchNormalization to match.`, {
    hint: 'Use a synthesizer that needs none (gaussian), or export the network with BatchNormalization un-folded.',
  });
}
