import { fixedBatch } from '@datafree/core';
import { DatafreeError, type Model, type SampleSet } from '@datafree/plugin';

/**
 * Samples a step of learning: as many as the network is fixed to, otherwise `most`, or all where there are fewer.
 *
 * @throws `data-shape` when the network does not take the samples, `data-empty`
 */
export function batchOf(model: Model, samples: SampleSet, most: number): number {
  const shape = model.input.shape.slice(1);
  if (String(samples.shape) !== String(shape)) {
    throw new DatafreeError('data-shape', `The samples are [${samples.shape}], the network takes [${shape}].`);
  }
  if (samples.count === 0) throw new DatafreeError('data-empty', 'There are no samples to learn from.');
  return fixedBatch(model.input) ?? Math.min(most, samples.count);
}
