import { parseOptions } from '@datafree/plugin';
import * as v from 'valibot';

const perChannel = <Entry extends v.GenericSchema<number>>(entry: Entry) =>
  v.optional(v.union([entry, v.pipe(v.array(entry), v.nonEmpty())]));

/** The schema of {@link GaussianOptions}, for interfaces that are derived from it. */
export const gaussianOptions = v.strictObject({
  /** Mean of the network's input: one number, or one a channel; 0 when absent. */
  mean: perChannel(v.pipe(v.number(), v.finite())),
  /** Standard deviation of the network's input: one number, or one a channel; 1 when absent. */
  deviation: perChannel(v.pipe(v.number(), v.finite(), v.minValue(0))),
});

/** Options of `gaussian`. */
export type GaussianOptions = v.InferInput<typeof gaussianOptions>;

/** @throws `option-invalid` */
export function parseGaussianOptions(options: GaussianOptions): v.InferOutput<typeof gaussianOptions> {
  return parseOptions('gaussian', gaussianOptions, options);
}
