import { withPreset } from '@datafree/inversion';
import { parseOptions } from '@datafree/plugin';
import * as v from 'valibot';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const rate = v.pipe(v.number(), v.finite(), v.gtValue(0));
const weight = v.pipe(v.number(), v.finite(), v.minValue(0));
const features = ['smooth-l1', 'mse', 'attention'] as const;
const part = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

/** The schema of {@link FineTunerOptions}, for interfaces that are derived from it. */
export const fineTunerOptions = v.strictObject({
  /**
   * What the other options are where they are left out. `fast`: a thousand steps of Adam with learned step sizes.
   * `paper`: "The Knowledge Within", 80 epochs of 200 steps of SGD with its staggered cosine, mixed samples,
   * BatchNormalization that follows and Smooth-L1 between stages.
   */
  preset: v.optional(v.picklist(['fast', 'paper']), 'fast'),
  /** Steps in all. */
  steps: v.optional(count),
  /** Samples a step. */
  batch: v.optional(count),
  optimiser: v.optional(v.picklist(['adam', 'sgd'])),
  /**
   * Largest learning rate of weights and biases. With `adam` in steps of the weights' grids, which each step of learning
   * moves them by at most: 0.01 is a hundredth of one. With `sgd` as it is.
   * A first dozen steps are tried: where they throw the network back, all rates are divided by three, up to four times.
   */
  learningRate: v.optional(rate),
  /** Largest learning rate of the logarithms of step sizes. */
  stepRate: v.optional(rate),
  /** How the learning rates go. */
  schedule: v.optional(v.picklist(['constant', 'cosine', 'staggered'])),
  /** Which step sizes learn. At the end those of weights move by two thousandths at most, so that nothing is rounded at a tie. */
  learnSteps: v.optional(v.picklist(['both', 'weights', 'activations', 'none'])),
  /**
   * False: codes of weights stay, and a layer learns through step sizes and biases alone. What rounding to the other side
   * would do to a network of few weights a channel is not risked.
   */
  learnCodes: v.optional(v.boolean()),
  /**
   * `following`: layers have the BatchNormalization back that they took in, which normalises by the moments of each batch;
   * its running moments follow, and go into step sizes and biases at the end. Meant for weights with a step size for each
   * channel (others are refused) and networks quantised without equalization. `frozen`: it stays folded.
   */
  batchNorm: v.optional(v.picklist(['frozen', 'following'])),
  /** Temperature of the divergence between logits. */
  temperature: v.optional(rate),
  /** How activations at the ends of stages are compared: in one way, or in several that are added up. */
  features: v.optional(v.union([v.picklist([...features, 'none']), v.array(v.picklist(features))])),
  /** Weight of each of these comparisons beside the logits. */
  featureWeight: v.optional(weight),
  /** Random changes of each sample at each step; `jitter` changes its contrast by up to a fifth, and its brightness. */
  augmentations: v.optional(v.array(v.picklist(['flip', 'shift', 'crop', 'blur', 'cutout', 'jitter']))),
  /** How far `shift` moves a sample at most, as a part of each side. */
  shiftBy: v.optional(part),
  /** Samples are mixed in pairs, in parts drawn from Beta(a, a); 0 for none. The teacher sees the mix. */
  mixup: v.optional(part),
  /** Ends when the loss, averaged over 50 steps, has not improved by a hundredth for so many steps. */
  patience: v.optional(count),
});

/** Options of `fineTuner`. */
export type FineTunerOptions = v.InferInput<typeof fineTunerOptions>;

type Known = v.InferOutput<typeof fineTunerOptions>;

/** {@link FineTunerOptions} with their defaults. */
export type ParsedOptions = { readonly [K in Exclude<keyof Known, 'patience'>]-?: NonNullable<Known[K]> } & {
  readonly patience?: number | undefined;
};

const presets: Readonly<Record<'fast' | 'paper', Omit<ParsedOptions, 'preset' | 'patience'>>> = {
  fast: {
    steps: 1000,
    batch: 64,
    optimiser: 'adam',
    learningRate: 0.01,
    stepRate: 2e-3,
    schedule: 'cosine',
    learnSteps: 'both',
    learnCodes: true,
    batchNorm: 'frozen',
    temperature: 2,
    features: 'mse',
    featureWeight: 1,
    augmentations: ['flip', 'shift'],
    shiftBy: 1 / 16,
    mixup: 0,
  },
  paper: {
    steps: 16_000,
    batch: 512,
    optimiser: 'sgd',
    // The paper averages the divergence over classes too, and takes 0.1; here samples alone are averaged, of ten classes.
    learningRate: 0.01,
    stepRate: 1e-4,
    schedule: 'staggered',
    learnSteps: 'none',
    learnCodes: true,
    batchNorm: 'following',
    temperature: 1,
    features: 'smooth-l1',
    // A hundredth beside a mean over ten classes.
    featureWeight: 0.1,
    augmentations: ['flip', 'shift', 'cutout'],
    // A window of 32 pixels that moves over a border of 4.
    shiftBy: 1 / 8,
    mixup: 0.5,
  },
};

/** Fills in what is left out. @throws `option-invalid` */
export function parseFineTunerOptions(options: FineTunerOptions): ParsedOptions {
  const parsed = parseOptions('distil', fineTunerOptions, options);
  return withPreset(parsed, presets[parsed.preset]) as ParsedOptions;
}
