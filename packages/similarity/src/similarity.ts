import { apiVersion, defineMetric, type Metric } from '@datafree/plugin';
import { compareDataSets } from './compareDataSets.ts';
import { parseSimilarityOptions, type SimilarityOptions } from './options.ts';

/**
 * How alike samples are to what a network was trained on, as a metric: `divergence` and its `spread` over the whole
 * network, and `divergence:NODE` for each BatchNormalization. See {@link compareDataSets}.
 *
 * @throws `option-invalid`
 */
export function similarity(options?: SimilarityOptions): Metric {
  const parsed = parseSimilarityOptions(options);
  return defineMetric({
    kind: 'metric',
    name: 'similarity',
    apiVersion,
    supports: { needsBatchNorm: true, needsLabels: false, deterministic: true },
    options: parsed,
    async measure(model, samples, context) {
      const [result] = await compareDataSets(model, { samples }, context, parsed);
      const { divergence, spread, layers } = result!;
      const perLayer = layers.map((layer) => [`divergence:${layer.node}`, layer.divergence] as const);
      return { divergence, spread, ...Object.fromEntries(perLayer) };
    },
  });
}
