import { type Context, firstOf, type Model, type SampleSet } from '@datafree/plugin';
import { compareDataSets } from '@datafree/similarity';

/** Samples that are looked at, the first ones. */
const looked = 128;

/**
 * How many nats a channel data may be away from the statistics that a network remembers. What it was trained on stays
 * below a tenth, other images of the right range mostly below one.
 */
const far = 2;

/**
 * Warns of data that is unlike anything a network was trained on, as pixels that were not preprocessed are. Networks
 * without BatchNormalization, which remember nothing, and single samples tell nothing.
 *
 * @param name of the data, for people
 * @throws what {@link compareDataSets} throws
 */
export async function warnOfUnlike(model: Model, samples: SampleSet, name: string, context: Context): Promise<void> {
  if (model.batchNorms.length === 0 || samples.count < 2) return;
  const quiet = { ...context, onProgress() {} };
  const [found] = await compareDataSets(model, { [name]: firstOf(samples, looked) }, quiet);
  const divergence = found?.divergence ?? 0;
  if (divergence <= far) return;
  const measured = `${divergence.toPrecision(3)} nats a channel`;
  context.logger.warn(
    `${name} is far from what the network was trained on (${measured}; data like its own is below 0.1): are its values preprocessed as they were then?`,
  );
}
