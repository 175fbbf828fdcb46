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
   * What the other options are where they are left out. `fast`: a thousand steps a block. `paper`: the 20 000 steps a
   * block of BRECQ and QDrop, at their rates.
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
  /** Steps of activations learn too (LSQ). */
  learnSteps: v.optional(v.boolean()),
  /** Weight of the regulariser that lets each rounding decide for up or down. */
  regularisation: v.optional(weight),
  /** First and last exponent of the regulariser: large ones leave roundings free, small ones press for a decision. */
  exponents: v.optional(v.tuple([exponent, exponent])),
  /** Part of the steps that are done before the regulariser sets in. */
  warmUp: v.optional(part),
  /** Probability that an input of a block is the full-precision one, element by element (QDrop). */
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
  regularisation: 0.01,
  exponents: [20, 2],
  warmUp: 0.2,
  drop: 0.5,
  largestBlock: 8,
} satisfies Partial<ParsedOptions>;

const presets: Readonly<Record<'fast' | 'paper', Omit<ParsedOptions, 'preset'>>> = {
  // A twentieth of the steps go as far at ten times the rate: a rounding variable decides within a way of about 5.
  fast: { ...shared, steps: 1000, learningRate: 1e-2, stepRate: 2e-3 },
  paper: { ...shared, steps: 20_000, learningRate: 1e-3, stepRate: 4e-4 },
};

/** Fills in what is left out. @throws `option-invalid` */
export function parseReconstructOptions(options: ReconstructOptions): ParsedOptions {
  const parsed = parseOptions('reconstruct', reconstructOptions, options);
  return withPreset(parsed, presets[parsed.preset]) as ParsedOptions;
}
