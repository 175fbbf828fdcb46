import { withPreset } from '@datafree/inversion';
import { parseOptions } from '@datafree/plugin';
import * as v from 'valibot';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const rate = v.pipe(v.number(), v.finite(), v.gtValue(0));
const weight = v.pipe(v.number(), v.finite(), v.minValue(0));
const part = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const exponent = v.pipe(v.number(), v.minValue(1), v.maxValue(100));

/** The schema of {@link ReconstructOptions}, for interfaces that are derived from it. */
export const reconstructOptions = v.strictObject({
  /**
   * What the other options are where they are left out. `fast`: a thousand steps a block. `paper`: 20 000, as BRECQ and
   * QDrop have them.
   */
  preset: v.optional(v.picklist(['fast', 'paper']), 'fast'),
  /** Steps for each block. */
  steps: v.optional(count),
  /** Samples a step. */
  batch: v.optional(count),
  /** Learning rate of the rounding variables. */
  learningRate: v.optional(rate),
  /** Largest learning rate of the logarithms of activation steps, which falls as a cosine. */
  stepRate: v.optional(rate),
  /** Largest learning rate of biases, in units of the values that leave the block; falls as a cosine. 0: they stay. */
  biasRate: v.optional(weight),
  /** Steps of activations learn too (LSQ). */
  learnSteps: v.optional(v.boolean()),
  /** Weight of the regulariser that lets each rounding decide for up or down, beside the block's error before. */
  regularisation: v.optional(weight),
  /** How many times as large that weight is at the last step, so that in the end everything decides. */
  growth: v.optional(v.pipe(v.number(), v.finite(), v.minValue(1))),
  /** Exponent of the regulariser when it sets in; large ones leave roundings free. */
  firstExponent: v.optional(exponent),
  /** Exponent that it has come to at the last step; small ones press for a decision. */
  lastExponent: v.optional(exponent),
  /** Part of the steps that are done before the regulariser sets in. */
  warmUp: v.optional(part),
  /**
   * Probability that an input of a block is the full-precision one, element by element (QDrop). It falls evenly to none,
   * so that in the end a block learns on what it will be fed.
   */
  drop: v.optional(part),
  /** Layers with weights that a block may have; a larger one is taken layer by layer. */
  largestBlock: v.optional(count),
});

/** Options of `reconstruct`. */
export type ReconstructOptions = v.InferInput<typeof reconstructOptions>;

type Known = v.InferOutput<typeof reconstructOptions>;

/** {@link ReconstructOptions} with their defaults. */
export type ParsedOptions = { readonly [K in keyof Known]-?: NonNullable<Known[K]> };

const shared = {
  batch: 32,
  learnSteps: true,
  regularisation: 3,
  growth: 30,
  firstExponent: 20,
  lastExponent: 2,
  warmUp: 0.2,
  drop: 0.5,
  largestBlock: 8,
} satisfies Partial<ParsedOptions>;

const presets: Readonly<Record<'fast' | 'paper', Omit<ParsedOptions, 'preset'>>> = {
  // As far in all: a rounding variable has to go a way of about 5 against the noise of batches.
  fast: { ...shared, steps: 1000, learningRate: 0.1, stepRate: 2e-3, biasRate: 3e-3 },
  paper: { ...shared, steps: 20_000, learningRate: 5e-3, stepRate: 4e-4, biasRate: 6e-4 },
};

/** Fills in what is left out. @throws `option-invalid` */
export function parseReconstructOptions(options: ReconstructOptions): ParsedOptions {
  const parsed = parseOptions('reconstruct', reconstructOptions, options);
  return withPreset(parsed, presets[parsed.preset]) as ParsedOptions;
}
