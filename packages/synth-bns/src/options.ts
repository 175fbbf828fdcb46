import {
  type FullSearchOptions,
  type StatisticsOptions,
  searchEntries,
  statisticsEntries,
  type VarietyOptions,
  varietyEntries,
  withPreset,
} from '@datafree/inversion';
import { parseOptions } from '@datafree/plugin';
import * as v from 'valibot';

/** The schema of {@link BnsOptions}, for interfaces that are derived from it. */
export const bnsOptions = v.strictObject({
  /**
   * What the other options are where they are left out. `fast`: a few dozen steps from noise that fits the first
   * layer, statistics of the whole set. `paper`: 1000 steps on 4 augmented copies of 128 samples, as in "The Knowledge
   * Within".
   */
  preset: v.optional(v.picklist(['fast', 'paper']), 'fast'),
  ...searchEntries,
  ...statisticsEntries,
  ...varietyEntries,
});

/** Options of `bns`. */
export type BnsOptions = v.InferInput<typeof bnsOptions>;

type Preset = FullSearchOptions & StatisticsOptions & VarietyOptions;

const presets: Readonly<Record<'fast' | 'paper', Preset>> = {
  fast: {
    iterations: 60,
    copies: 1,
    augmentations: [],
    optimiser: 'adam',
    learningRate: 0.05,
    schedule: 'cosine',
    projection: 'straight-through',
    start: 'estimated',
    divergence: 'kl',
    granularity: 'set',
    aggregation: 'mean',
    inputLayer: 'none',
  },
  paper: {
    batch: 128,
    iterations: 1000,
    copies: 4,
    augmentations: ['flip', 'crop', 'cutout'],
    augmentAtMost: 2,
    optimiser: 'adam',
    learningRate: 0.1,
    schedule: 'steps',
    projection: 1,
    start: 'normal',
    divergence: 'kl',
    granularity: 'batch',
    aggregation: 'mean',
    inputLayer: 'standard',
    varianceFloor: 1e-8,
  },
};

/** The options with their defaults, those of the preset. @throws `option-invalid` */
export function parseBnsOptions(options: BnsOptions): Preset & { readonly preset: 'fast' | 'paper' } {
  const parsed = parseOptions('bns', bnsOptions, options);
  return withPreset(parsed, presets[parsed.preset]);
}
