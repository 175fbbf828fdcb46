import {
  type ClassLoss,
  classLoss,
  count,
  type FullSearchOptions,
  positive,
  type StatisticsOptions,
  searchEntries,
  smoothness,
  statisticsEntries,
  type Term,
  totalVariation,
  varietyEntries,
  weight,
  withPreset,
} from '@datafree/inversion';
import { parseOptions } from '@datafree/plugin';
import * as v from 'valibot';

const preset = v.optional(v.picklist(['fast', 'paper']), 'fast');

const classEntries = {
  /** How a sample is drawn to its class: `exp(−scale · mean logit)`, cross-entropy, −mean logit, or a margin. */
  classLoss: v.optional(v.picklist(['exp', 'cross-entropy', 'linear', 'margin'])),
  classWeight: v.optional(weight),
  /** The scale of `exp`. */
  classScale: v.optional(positive),
  /** How far the logit of `margin` is to lead. */
  margin: v.optional(positive),
  /** Weight of the Gaussian smoothing prior, of kernel 5 and deviation 1. */
  smoothness: v.optional(weight),
  /** Side of the prior's kernel in pixels, odd. */
  smoothnessSize: v.optional(
    v.pipe(
      count,
      v.check((size) => size % 2 === 1, 'must be odd'),
    ),
  ),
  /** Standard deviation of the prior's kernel in pixels. */
  smoothnessDeviation: v.optional(positive),
  /** Weight of the total variation. */
  variation: v.optional(weight),
};

/** The schema of {@link InceptionOptions}, for interfaces that are derived from it. */
export const inceptionOptions = v.strictObject({
  /** What the other options are where they are left out; `paper` is close to "The Knowledge Within", section 3.4. */
  preset,
  ...searchEntries,
  ...classEntries,
});

/** The schema of {@link BnsInceptionOptions}, for interfaces that are derived from it. */
export const bnsInceptionOptions = v.strictObject({
  /** What the other options are where they are left out; `paper` is close to "The Knowledge Within", section 3.4. */
  preset,
  ...searchEntries,
  ...classEntries,
  ...statisticsEntries,
  ...varietyEntries,
  /** Weight of the BatchNormalization statistics. */
  statisticsWeight: v.optional(weight),
});

/** Options of `inception`. */
export type InceptionOptions = v.InferInput<typeof inceptionOptions>;

/** Options of `bnsInception`. */
export type BnsInceptionOptions = v.InferInput<typeof bnsInceptionOptions>;

const classSchema = v.strictObject(classEntries);
type ClassOptions = v.InferOutput<typeof classSchema>;

const fastSearch: FullSearchOptions = {
  iterations: 60,
  copies: 1,
  augmentations: [],
  optimiser: 'adam',
  // The gradient of cross-entropy starts out far larger than all others and fades within a few steps; a mean over past
  // gradients would carry samples on along it, away from the statistics.
  momentum: 0,
  learningRate: 0.05,
  schedule: 'cosine',
  projection: 'straight-through',
  start: 'estimated',
};

const paperSearch: FullSearchOptions = {
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
};

const paperClasses: ClassOptions = { classLoss: 'exp', classScale: 4e-4, smoothness: 1 };
const fastClasses: ClassOptions = { classLoss: 'cross-entropy', smoothness: 1 };
const fastStatistics: StatisticsOptions = { divergence: 'kl', granularity: 'set', inputLayer: 'none' };
const paperStatistics: StatisticsOptions = {
  divergence: 'kl',
  granularity: 'batch',
  inputLayer: 'standard',
  varianceFloor: 1e-8,
};

const presets = {
  fast: { search: fastSearch, classes: fastClasses, statistics: fastStatistics },
  paper: { search: paperSearch, classes: paperClasses, statistics: paperStatistics },
};

/** What `bns+inception` has besides, or otherwise. */
const together = {
  // A mean divergence is a few hundredths where samples are close, a cross-entropy a few tenths: as much of one as of the
  // other takes a weight of a hundred. The smoothness counts as much as the statistics, as in the paper.
  fast: { statisticsWeight: 100, smoothness: 100, contrast: 0.4 },
  // The paper's pull to the class is weak.
  paper: { statisticsWeight: 1 },
};

/** The options with their defaults, those of the preset. @throws `option-invalid` */
export function parseInceptionOptions(options: InceptionOptions) {
  const parsed = parseOptions('inception', inceptionOptions, options);
  const { search, classes } = presets[parsed.preset];
  return withPreset(parsed, { ...search, ...classes });
}

/** The options with their defaults, those of the preset. @throws `option-invalid` */
export function parseBnsInceptionOptions(options: BnsInceptionOptions) {
  const parsed = parseOptions('bns+inception', bnsInceptionOptions, options);
  const { search, classes, statistics } = presets[parsed.preset];
  return withPreset(parsed, { ...search, ...classes, ...statistics, ...together[parsed.preset] });
}

/** The class term and the priors that options stand for; those of weight 0 are left out. */
export function classTerms(options: ClassOptions): Term[] {
  const {
    classWeight = 1,
    smoothness: prior = 0,
    variation = 0,
    smoothnessSize = 5,
    smoothnessDeviation = 1,
  } = options;
  const terms = [
    classLoss(lossOf(options), classWeight),
    smoothness({ weight: prior, size: smoothnessSize, deviation: smoothnessDeviation }),
    totalVariation(variation),
  ];
  return terms.filter((term) => term.weight > 0);
}

function lossOf({ classLoss: kind = 'cross-entropy', classScale = 4e-4, margin = 5 }: ClassOptions): ClassLoss {
  if (kind === 'exp') return { kind, scale: classScale };
  if (kind === 'margin') return { kind, margin };
  return { kind };
}
