import * as v from 'valibot';
import { classBalance } from '../terms/balance.ts';
import { sampleDiversity } from '../terms/diversity.ts';
import type { Term } from '../terms/term.ts';
import { weight } from './values.ts';

/** Entries of a synthesizer's options that say how much the samples of a batch are to differ. */
export const varietyEntries = {
  /** Weight of the mean cosine between the features of two samples of a batch, which drives them apart; 0 when absent. */
  diversity: v.optional(weight),
  /** Weight of the negative entropy of a batch's mean softmax, which spreads it over the classes; 0 when absent. */
  balance: v.optional(weight),
};

const varietySchema = v.strictObject(varietyEntries);

/** The parsed form of {@link varietyEntries}. */
export type VarietyOptions = v.InferOutput<typeof varietySchema>;

/** The terms that options stand for; those of weight 0 are left out. */
export function varietyTerms({ diversity = 0, balance = 0 }: VarietyOptions): Term[] {
  return [sampleDiversity(diversity), classBalance(balance)].filter((term) => term.weight > 0);
}
