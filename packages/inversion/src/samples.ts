import { elementCount } from '@datafree/core';
import { type Context, checkGiven, DatafreeError, type Model, type SampleSet } from '@datafree/plugin';
import { GrowingBatches } from './loop/growing.ts';
import { invert } from './loop/invert.ts';
import { memoryCheckpoint } from './loop/memoryCheckpoint.ts';
import { regrouped } from './loop/regrouped.ts';
import type { InversionSettings } from './settings.ts';
import { sampleShape } from './space/shape.ts';

/** Samples of more bytes than this are not kept in memory where the checkpoint has them. */
const memoryLimit = 256 * 2 ** 20;

/**
 * {@link invert} as a sample set. Samples are held in memory, or, when they are over 256 MiB and the context has a
 * checkpoint, read back from it batch by batch.
 *
 * @param request.count how many samples
 * @param request.ready how many of them to make at once: the others are made batch by batch when they are first read,
 *   and are the same. All when absent
 * @throws `option-invalid` for a count that is not a whole number from 1, no model or no context, and what {@link invert}
 *   throws; so does reading samples that are still to be made
 */
export async function synthesize(
  model: Model,
  settings: InversionSettings,
  request: { readonly count: number; readonly ready?: number | undefined },
  context: Context,
  limit = memoryLimit,
): Promise<SampleSet> {
  checkGiven(settings.name, { model, context });
  const count = request?.count;
  checkCount(settings.name, count);
  const ready = Math.min(count, request.ready ?? count);
  checkCount(settings.name, ready, 'ready');
  const shape = sampleShape(model);
  const inMemory = context.checkpoint === undefined || 4 * count * elementCount(shape) <= limit;
  // What comes later goes on from what a checkpoint has of the batches before.
  const checkpoint = context.checkpoint ?? (ready < count ? memoryCheckpoint() : undefined);
  const batches = new GrowingBatches(
    (onProgress) => invert(model, settings, { count }, { ...context, ...(checkpoint && { checkpoint }), onProgress }),
    { count, inMemory, onProgress: context.onProgress },
  );
  await batches.make(ready);
  return {
    shape,
    count,
    labelled: settings.labelled,
    ...(ready < count && { ready }),
    batches: (size) => regrouped(batches, size),
  };
}

/** @throws `option-invalid` unless `count` is a whole number from 1. @param path of the number */
export function checkCount(plugin: string, count: number, path = 'count'): void {
  if (Number.isInteger(count) && count >= 1) return;
  throw new DatafreeError('option-invalid', `${plugin}: ${count} samples cannot be made.`, {
    plugin,
    path,
    hint: 'Ask for a whole number of samples from 1.',
  });
}
