import { adam } from '@datafree/core';
import { type Checkpoint, type Context, type ProgressEvent, type SampleSet, silentLogger } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { memoryCheckpoint } from './loop/memoryCheckpoint.ts';
import { synthesize } from './samples.ts';
import { constantRate } from './schedule.ts';
import type { InversionSettings } from './settings.ts';
import { batchNormStatistics } from './terms/batchNorm.ts';
import { interpreter } from './testing/interpreter.ts';
import { network } from './testing/network.ts';

const settings: InversionSettings = {
  name: 'test',
  identity: '',
  terms: [batchNormStatistics()],
  batch: 3,
  iterations: 2,
  copies: 1,
  augmentations: [],
  optimiser: adam(),
  learningRate: 0.1,
  schedule: constantRate,
  projection: 'straight-through',
  start: 'estimated',
  labelled: true,
};
const model = network({ shape: [2, 4, 4], widths: [3] });

function contextOf(checkpoint?: Checkpoint): Context & { runtime: ReturnType<typeof interpreter> } {
  return { seed: 1, logger: silentLogger, onProgress() {}, runtime: interpreter(), ...(checkpoint && { checkpoint }) };
}

async function read(set: SampleSet, size: number) {
  const sizes: number[] = [];
  const values: number[] = [];
  const labels: number[] = [];
  for await (const batch of set.batches(size)) {
    sizes.push(batch.data.dims[0]!);
    values.push(...batch.data.data);
    labels.push(...batch.labels!);
  }
  return { sizes, values, labels };
}

describe('synthesize', () => {
  it('gives the samples in groups of any size, again and again', async () => {
    const set = await synthesize(model, settings, { count: 8 }, contextOf());
    const [whole, small, large] = [await read(set, 8), await read(set, 2), await read(set, 5)];
    expect(set).toMatchObject({ count: 8, shape: [2, 4, 4], labelled: true });
    expect(whole.sizes).toEqual([8]);
    expect(small.sizes).toEqual([2, 2, 2, 2]);
    expect(large.sizes).toEqual([5, 3]);
    for (const other of [small, large]) {
      expect(other.values).toEqual(whole.values);
      expect(other.labels).toEqual(whole.labels);
    }
  });

  it('reads large sets back from the checkpoint', async () => {
    const entries = new Map<string, Uint8Array>();
    const checkpoint: Checkpoint = {
      read: async (key) => entries.get(key),
      write: async (key, value) => {
        entries.set(key, value);
      },
    };
    const inMemory = await synthesize(model, settings, { count: 7 }, contextOf());
    const context = contextOf(checkpoint);
    const onDisk = await synthesize(model, settings, { count: 7 }, context, 100);
    const runs = context.runtime.runs();
    expect(await read(onDisk, 4)).toEqual(await read(inMemory, 4));
    // The first layer is estimated anew; nothing is optimised.
    expect(context.runtime.runs() - runs).toBe(runs - 3 * settings.iterations);
    expect(context.runtime.open()).toBe(0);
    entries.clear();
    const again = await read(onDisk, 4);
    expect(again.values).toEqual((await read(inMemory, 4)).values);
  });

  it.each([
    ['in memory', undefined, undefined],
    ['in memory beside a checkpoint', memoryCheckpoint(), undefined],
    ['in the checkpoint', memoryCheckpoint(), 100],
  ])(
    'makes what is wanted at once, and the others, the same, when they are read (%s)',
    async (_, checkpoint, limit) => {
      const wanted = await read(await synthesize(model, settings, { count: 8 }, contextOf()), 8);
      const done: number[] = [];
      const context = { ...contextOf(checkpoint), onProgress: (event: ProgressEvent) => void done.push(event.done) };
      const set = await synthesize(model, settings, { count: 8, ready: 2 }, context, limit);
      expect(set).toMatchObject({ count: 8, ready: 2, shape: [2, 4, 4], labelled: true });
      expect(done).toEqual([1, 2]);
      for await (const { data } of set.batches(4)) {
        expect(data.dims[0]).toBe(4);
        break;
      }
      expect(done).toEqual([1, 2, 3, 4]);
      expect(context.runtime.open()).toBe(0);
      for (let again = 0; again < 2; again++) expect(await read(set, 8)).toEqual(wanted);
      expect(done).toEqual([1, 2, 3, 4, 5, 6]);
      expect(context.runtime.open()).toBe(0);
    },
  );

  it('goes on with samples that are read after an interruption', async () => {
    const checkpoint = memoryCheckpoint();
    const abort = new AbortController();
    const onProgress = ({ done }: ProgressEvent) => void (done === 5 && abort.abort());
    const context = { ...contextOf(checkpoint), signal: abort.signal, onProgress };
    const set = await synthesize(model, settings, { count: 8, ready: 3 }, context);
    await expect(read(set, 3)).rejects.toMatchObject({ code: 'aborted' });
    expect(context.runtime.open()).toBe(0);
    const later = contextOf(checkpoint);
    const resumed = await synthesize(model, settings, { count: 8, ready: 3 }, later);
    const wanted = await read(await synthesize(model, settings, { count: 8 }, contextOf()), 8);
    expect(await read(resumed, 8)).toEqual(wanted);
  });

  it('says nothing of what is ready where all is', async () => {
    expect(await synthesize(model, settings, { count: 4, ready: 4 }, contextOf())).not.toHaveProperty('ready');
    await expect(synthesize(model, settings, { count: 4, ready: 0 }, contextOf())).rejects.toMatchObject({
      code: 'option-invalid',
      path: 'ready',
    });
  });

  it('refuses a number of samples that cannot be', async () => {
    for (const count of [0, -2, 1.5, Number.NaN]) {
      await expect(synthesize(model, settings, { count }, contextOf())).rejects.toMatchObject({
        code: 'option-invalid',
        path: 'count',
      });
    }
  });
});
