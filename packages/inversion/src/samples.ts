import { elementCount, tensorOf } from '@datafree/core';
import { type Context, DatafreeError, type Model, type SampleBatch, type SampleSet } from '@datafree/plugin';
import { invert } from './loop/invert.ts';
import type { InversionSettings } from './settings.ts';
import { sampleShape } from './space/shape.ts';

/**
 * {@link invert}, collected in memory.
 *
 * @throws `option-invalid` for a count that is not a whole number from 1, and what {@link invert} throws
 */
export async function synthesizeInMemory(
  model: Model,
  settings: InversionSettings,
  request: { readonly count: number },
  context: Context,
): Promise<SampleSet> {
  const { count } = request;
  checkCount(settings.name, count);
  const shape = sampleShape(model);
  const all = new Float32Array(count * elementCount(shape));
  const labels = settings.labelled ? new Int32Array(count) : undefined;
  let done = 0;
  for await (const batch of invert(model, settings, request, context)) {
    all.set(batch.data.data, done * elementCount(shape));
    if (batch.labels !== undefined) labels?.set(batch.labels, done);
    done += batch.data.dims[0] as number;
  }
  return sampleSet(shape, all, labels);
}

/** @throws `option-invalid` unless `count` is a whole number from 1 */
export function checkCount(plugin: string, count: number): void {
  if (Number.isInteger(count) && count >= 1) return;
  throw new DatafreeError('option-invalid', `${plugin}: ${count} samples cannot be made.`, {
    plugin,
    path: 'count',
    hint: 'Ask for a whole number of samples from 1.',
  });
}

/** A sample set over values in memory. @param all laid out as [samples, …shape] */
export function sampleSet(shape: readonly number[], all: Float32Array, labels?: Int32Array): SampleSet {
  const length = elementCount(shape);
  const count = all.length / length;
  return {
    shape,
    count,
    labelled: labels !== undefined,
    async *batches(size): AsyncGenerator<SampleBatch> {
      for (let from = 0; from < count; from += size) {
        const to = Math.min(count, from + size);
        const data = tensorOf('float32', [to - from, ...shape], all.subarray(from * length, to * length));
        yield labels === undefined ? { data } : { data, labels: labels.slice(from, to) };
      }
    },
  };
}
