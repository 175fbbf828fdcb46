import { elementCount } from '@datafree/core';
import {
  type Context,
  checkGiven,
  DatafreeError,
  type Model,
  type SampleBatch,
  type SampleSet,
} from '@datafree/plugin';
import { invert } from './loop/invert.ts';
import type { InversionSettings } from './settings.ts';
import { sampleShape } from './space/shape.ts';

/** Samples of more bytes than this are not kept in memory where the checkpoint has them. */
const memoryLimit = 256 * 2 ** 20;

/**
 * {@link invert}, run to its end, as a sample set. Samples are held in memory, or, when they are over 256 MiB and the
 * context has a checkpoint, read back from it batch by batch.
 *
 * @throws `option-invalid` for a count that is not a whole number from 1, no model or no context, and what {@link invert} throws
 */
export async function synthesize(
  model: Model,
  settings: InversionSettings,
  request: { readonly count: number },
  context: Context,
  limit = memoryLimit,
): Promise<SampleSet> {
  checkGiven(settings.name, { model, context });
  const count = request?.count;
  checkCount(settings.name, count);
  const shape = sampleShape(model);
  const inMemory = context.checkpoint === undefined || 4 * count * elementCount(shape) <= limit;
  const kept: SampleBatch[] | undefined = inMemory ? [] : undefined;
  for await (const batch of invert(model, settings, request, context)) kept?.push(batch);
  // Once all is in the checkpoint, the loop only reads it.
  const source = kept ?? {
    [Symbol.asyncIterator]: () => invert(model, settings, request, { ...context, onProgress() {} }),
  };
  return { shape, count, labelled: settings.labelled, batches: (size) => regrouped(source, size) };
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

/** The same samples in groups of `size`; the last one may be smaller. */
async function* regrouped(
  source: Iterable<SampleBatch> | AsyncIterable<SampleBatch>,
  size: number,
): AsyncGenerator<SampleBatch, void, undefined> {
  let waiting: SampleBatch[] = [];
  let samples = 0;
  for await (const batch of source) {
    const [own = 0] = batch.data.dims;
    let taken = 0;
    while (taken < own) {
      const part = Math.min(own - taken, size - samples);
      waiting.push(portion(batch, taken, taken + part));
      taken += part;
      samples += part;
      if (samples < size) continue;
      yield joined(waiting);
      waiting = [];
      samples = 0;
    }
  }
  if (samples > 0) yield joined(waiting);
}

function portion({ data, labels }: SampleBatch, from: number, to: number): SampleBatch {
  const [, ...shape] = data.dims;
  const length = elementCount(shape);
  const part = { ...data, dims: [to - from, ...shape], data: data.data.subarray(from * length, to * length) };
  return labels === undefined ? { data: part } : { data: part, labels: labels.subarray(from, to) };
}

/** One batch of several, with memory of its own. */
function joined(parts: readonly SampleBatch[]): SampleBatch {
  const [, ...shape] = (parts[0] as SampleBatch).data.dims;
  const count = parts.reduce((sum, { data }) => sum + (data.dims[0] as number), 0);
  const values = new Float32Array(count * elementCount(shape));
  const classes = parts[0]?.labels === undefined ? undefined : new Int32Array(count);
  let at = 0;
  for (const { data, labels } of parts) {
    values.set(data.data, at * elementCount(shape));
    if (labels !== undefined) classes?.set(labels, at);
    at += data.dims[0] as number;
  }
  const data = { dtype: 'float32' as const, dims: [count, ...shape], data: values };
  return classes === undefined ? { data } : { data, labels: classes };
}
