import { parseOptions } from '@datafree/plugin';
import * as v from 'valibot';

const schema = v.strictObject({
  /** Samples in one run of the network. */
  batchSize: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 32),
  /** Groups that the samples are dealt into for the sampling spread; never more than there are samples. */
  groups: v.optional(v.pipe(v.number(), v.integer(), v.minValue(2)), 32),
});

/** Options of `similarity` and `compareDataSets`. */
export type SimilarityOptions = v.InferInput<typeof schema>;

/** Options with the defaults filled in. */
export type ParsedSimilarityOptions = v.InferOutput<typeof schema>;

/** @throws `option-invalid` */
export function parseSimilarityOptions(options: SimilarityOptions | undefined): ParsedSimilarityOptions {
  return parseOptions('similarity', schema, options);
}
