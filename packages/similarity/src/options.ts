import { parseOptions } from '@datafree/plugin';
import * as v from 'valibot';

/** The schema of {@link SimilarityOptions}, for interfaces that are derived from it. */
export const similarityOptions = v.strictObject({
  /** Samples in one run of the network. */
  batchSize: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 32),
  /** Groups that the samples are dealt into for the sampling spread; never more than there are samples. */
  groups: v.optional(v.pipe(v.number(), v.integer(), v.minValue(2)), 32),
});

/** Options of `similarity` and `compareDataSets`. */
export type SimilarityOptions = v.InferInput<typeof similarityOptions>;

/** Options with the defaults filled in. */
export type ParsedSimilarityOptions = v.InferOutput<typeof similarityOptions>;

/** @throws `option-invalid` */
export function parseSimilarityOptions(options: SimilarityOptions | undefined): ParsedSimilarityOptions {
  return parseOptions('similarity', similarityOptions, options);
}
