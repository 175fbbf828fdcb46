import * as v from 'valibot';
import { batchNormStatistics } from '../terms/batchNorm.ts';
import type { Term } from '../terms/term.ts';
import { positive, weight } from './values.ts';

/** Entries of a synthesizer's options that say how BatchNormalization statistics are matched. */
export const statisticsEntries = {
  /** `kl`: KL(batch ‖ stored); `reverse-kl`; `symmetric`: their mean; `l2`: squared differences; `norm`: their norms. */
  divergence: v.optional(v.picklist(['kl', 'reverse-kl', 'symmetric', 'l2', 'norm'])),
  /** Whose statistics are matched: of each `batch`, of the whole growing `set`, or of each `sample`. */
  granularity: v.optional(v.picklist(['batch', 'set', 'sample'])),
  /** Mean over channels and layers, or sums. */
  aggregation: v.optional(v.picklist(['mean', 'sum'])),
  /** The network's input as one more layer: as `estimated` from the network, `standard` normal, or `none`. */
  inputLayer: v.optional(v.picklist(['estimated', 'standard', 'none'])),
  /** The weight of the first layer among the others. */
  firstLayerWeight: v.optional(weight),
  /** Smallest variance that is told from zero; each layer's own epsilon when absent. */
  varianceFloor: v.optional(positive),
};

const statisticsSchema = v.strictObject(statisticsEntries);

/** The parsed form of {@link statisticsEntries}. */
export type StatisticsOptions = v.InferOutput<typeof statisticsSchema>;

/** The term that options stand for. */
export function statisticsTerm(options: StatisticsOptions, termWeight = 1): Term {
  const { divergence = 'kl', granularity = 'set', aggregation = 'mean', inputLayer = 'none' } = options;
  const { firstLayerWeight = 1, varianceFloor } = options;
  return batchNormStatistics({
    weight: termWeight,
    divergence,
    granularity,
    aggregation,
    input: inputLayer === 'standard' ? { mean: [0], variance: [1] } : inputLayer === 'none' ? undefined : inputLayer,
    layerWeight: (_, index) => (index === 0 ? firstLayerWeight : 1),
    varianceFloor,
  });
}
