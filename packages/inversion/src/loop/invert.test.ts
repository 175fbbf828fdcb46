import { adam, cast, greater, mul, sgd } from '@datafree/core';
import {
  type Checkpoint,
  type Context,
  type ProgressEvent,
  type Runtime,
  type SampleBatch,
  silentLogger,
} from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { flip } from '../augment/flip.ts';
import { pad } from '../augment/pad.ts';
import { shift } from '../augment/shift.ts';
import { constantRate, cosineRate, type Schedule } from '../schedule.ts';
import type { InversionSettings } from '../settings.ts';
import { batchNormStatistics } from '../terms/batchNorm.ts';
import { classLoss } from '../terms/classes.ts';
import { smoothness } from '../terms/smoothness.ts';
import { valueAndGradient } from '../testing/derivative.ts';
import { interpreter } from '../testing/interpreter.ts';
import { network, pixels, throughMask } from '../testing/network.ts';
import { termOf } from '../testing/scope.ts';
import { invert } from './invert.ts';

const settings: InversionSettings = {
  name: 'test',
  identity: '',
  terms: [batchNormStatistics({ granularity: 'set' })],
  batch: 3,
  iterations: 12,
  copies: 1,
  augmentations: [],
  optimiser: adam(),
  learningRate: 0.1,
  schedule: cosineRate(),
  projection: 'straight-through',
  start: 'estimated',
  labelled: false,
};

function contextOf(options: Partial<Context> = {}): Context & { runtime: ReturnType<typeof interpreter> } {
  return { seed: 1, logger: silentLogger, onProgress() {}, ...options, runtime: interpreter() };
}

async function all(batches: AsyncIterable<SampleBatch>): Promise<SampleBatch[]> {
  const list: SampleBatch[] = [];
  for await (const batch of batches) list.push(batch);
  return list;
}

const bytes = (batches: readonly SampleBatch[]) => batches.map((batch) => Array.from(batch.data.data));

function memoryCheckpoint(): Checkpoint & { readonly entries: Map<string, Uint8Array> } {
  const entries = new Map<string, Uint8Array>();
  return {
    entries,
    read: async (key) => entries.get(key),
    write: async (key, value) => {
      entries.set(key, value.slice());
    },
  };
}

const small = network({ widths: [3, 3], shape: [2, 5, 5], grid: pixels });

describe('invert', () => {
  it('lowers the loss and says so at every iteration', async () => {
    const events: ProgressEvent[] = [];
    const context = contextOf({ onProgress: (event) => events.push(event) });
    const batches = await all(invert(small, { ...settings, iterations: 30 }, { count: 5 }, context));
    expect(batches.map((batch) => batch.data.dims)).toEqual([
      [3, 2, 5, 5],
      [2, 2, 5, 5],
    ]);
    expect(events.map((event) => event.done)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect(events.every((event) => event.total === 60 && event.stage === 'synthesis')).toBe(true);
    const losses = events.flatMap((event) => event.values?.loss ?? []);
    expect(losses.at(-1)!).toBeLessThan(0.3 * losses[0]!);
    expect(events[0]?.values?.bns).toBe(events[0]?.values?.loss);
    expect(context.runtime.open()).toBe(0);
  });

  it('gives values on the grid of the network', async () => {
    for (const projection of ['straight-through', 1, 5] as const) {
      const [batch] = await all(invert(small, { ...settings, projection }, { count: 2 }, contextOf()));
      for (const value of batch?.data.data ?? []) {
        const pixel = (value + 2) * (255 / 4);
        expect(Math.abs(pixel - Math.round(pixel))).toBeLessThan(1e-4);
        expect(pixel).toBeGreaterThan(-1e-4);
        expect(pixel).toBeLessThan(255 + 1e-4);
      }
    }
  });

  it('gives the same bytes for the same seed and others for another', async () => {
    const augmented = { ...settings, augmentations: [flip(), shift(0.3)], copies: 2 };
    const run = async (seed: number) => bytes(await all(invert(small, augmented, { count: 4 }, contextOf({ seed }))));
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
  });

  it('goes on from a checkpoint to the same bytes', async () => {
    const whole = await all(invert(small, settings, { count: 8 }, contextOf()));
    const checkpoint = memoryCheckpoint();
    const interrupted = contextOf({ checkpoint });
    for await (const _ of invert(small, settings, { count: 8 }, interrupted)) break;
    expect(checkpoint.entries.size).toBe(1);
    expect(interrupted.runtime.open()).toBe(0);

    const resumed = contextOf({ checkpoint });
    expect(bytes(await all(invert(small, settings, { count: 8 }, resumed)))).toEqual(bytes(whole));
    const runs = resumed.runtime.runs();
    // Nothing is left to do the third time but the estimate.
    const again = contextOf({ checkpoint });
    expect(bytes(await all(invert(small, settings, { count: 8 }, again)))).toEqual(bytes(whole));
    expect(again.runtime.runs()).toBe(runs - 2 * settings.iterations);
  });

  it('follows the statistics of the set with the last batch as much as with the first', async () => {
    const pulled = { ...settings, batch: 4, iterations: 40, terms: [...settings.terms, smoothness({ weight: 30 })] };
    const last: number[] = [];
    const onProgress = ({ done, values }: ProgressEvent) => {
      if (done % pulled.iterations === 0) last.push(values?.bns as number);
    };
    await all(invert(small, pulled, { count: 48 }, contextOf({ onProgress })));
    expect(last).toHaveLength(12);
    const [early, late] = [last.slice(0, 3), last.slice(-3)].map((values) => Math.max(...values)) as [number, number];
    expect(late).toBeLessThan(1.5 * early);
  });

  it('leaves it to dark margins to bring down the mean of a network that was trained with them', async () => {
    const mean = async (augmentations: InversionSettings['augmentations']) => {
      const own = { ...settings, iterations: 60, augmentations };
      const [batch] = await all(invert(small, own, { count: 3 }, contextOf()));
      const values = Array.from(batch?.data.data as Float32Array);
      return values.reduce((sum, value) => sum + value / values.length, 0);
    };
    expect(await mean([pad(0.4)])).toBeGreaterThan((await mean([])) + 0.1);
    // Mirrored borders bring nothing down.
    expect(Math.abs((await mean([shift(0.4)])) - (await mean([])))).toBeLessThan(0.1);
  });

  it('does not take up the checkpoint of another seed, network or setting', async () => {
    const checkpoint = memoryCheckpoint();
    const keys: number[] = [];
    for (const [model, identity, seed] of [
      [small, '', 1],
      [small, '', 2],
      [small, 'other', 1],
      [{ ...small, hash: 'other' }, '', 1],
    ] as const) {
      await all(invert(model, { ...settings, identity, iterations: 2 }, { count: 3 }, contextOf({ checkpoint, seed })));
      keys.push(checkpoint.entries.size);
    }
    expect(keys).toEqual([1, 2, 3, 4]);
  });

  it('refuses a checkpoint of another size', async () => {
    const checkpoint = memoryCheckpoint();
    await all(invert(small, settings, { count: 3 }, contextOf({ checkpoint })));
    for (const [key, value] of checkpoint.entries) checkpoint.entries.set(key, value.slice(4));
    await expect(all(invert(small, settings, { count: 3 }, contextOf({ checkpoint })))).rejects.toMatchObject({
      code: 'resume-mismatch',
    });
  });

  it('stops within one step of an abort and frees what it opened', async () => {
    const controller = new AbortController();
    let seen = 0;
    const context = contextOf({
      signal: controller.signal,
      onProgress() {
        seen++;
        if (seen === 4) controller.abort();
      },
    });
    await expect(all(invert(small, settings, { count: 3 }, context))).rejects.toMatchObject({ code: 'aborted' });
    expect(seen).toBe(4);
    expect(context.runtime.open()).toBe(0);
  });

  it('says where the loss is not a number', async () => {
    const diverging = { ...settings, optimiser: sgd(), learningRate: 1e30, schedule: constantRate };
    const context = contextOf();
    const unbounded = network({ widths: [3, 3], shape: [2, 5, 5] });
    await expect(all(invert(unbounded, diverging, { count: 3 }, context))).rejects.toMatchObject({
      code: 'not-finite',
      plugin: 'test',
    });
    expect(context.runtime.open()).toBe(0);
  });

  it('says where a sample is not a number while the loss is one', async () => {
    const runtime = interpreter();
    let runs = 0;
    const spoiling: Runtime = {
      ...runtime,
      async compile(graph, options) {
        const session = await runtime.compile(graph, options);
        return {
          ...session,
          async run(feeds, wanted) {
            const outputs = await session.run(feeds, wanted);
            const samples = outputs["samples'"]?.data as Float32Array | undefined;
            if (samples !== undefined && ++runs === 3) samples[60] = Number.NaN;
            return outputs;
          },
        };
      },
    };
    await expect(
      all(invert(small, settings, { count: 3 }, { ...contextOf(), runtime: spoiling })),
    ).rejects.toMatchObject({
      code: 'not-finite',
      message: expect.stringContaining('sample 2 of 3 became NaN in batch 1 at iteration 3'),
    });
  });

  it('refuses a network whose every way from the samples leads through an operator without derivative', async () => {
    const masked = throughMask(small, (b, x) => cast(b, b.op('IsNaN', [x]), 'float32'));
    for (const terms of [settings.terms, [...settings.terms, smoothness()]]) {
      await expect(all(invert(masked, { ...settings, terms }, { count: 3 }, contextOf()))).rejects.toMatchObject({
        code: 'operator-no-gradient',
        op: 'IsNaN',
      });
    }
  });

  it('takes a network with masks that stand beside a way with a derivative', async () => {
    const masked = throughMask(small, (b, x) => mul(b, x, cast(b, greater(b, x, -10), 'float32')));
    const losses: number[] = [];
    const onProgress = (event: ProgressEvent) => losses.push(event.values?.loss ?? Number.NaN);
    await all(invert(masked, settings, { count: 3 }, contextOf({ onProgress })));
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!);
  });

  it('refuses a network that does not respond to its input', async () => {
    const deaf = throughMask(small, (b, x) => mul(b, x, cast(b, b.op('IsNaN', [x]), 'float32')));
    await expect(all(invert(deaf, settings, { count: 3 }, contextOf()))).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('ends a batch that no longer improves, and still counts to the end', async () => {
    const events: ProgressEvent[] = [];
    const context = contextOf({ onProgress: (event) => events.push(event) });
    await all(invert(small, { ...settings, learningRate: 0, patience: 3 }, { count: 3 }, context));
    expect(events.map((event) => event.done)).toEqual([1, 2, 3, 12]);
  });

  it('returns the best of the iterates', async () => {
    const derailed: Schedule = () => (iteration) => (iteration < 20 ? 1 : 50);
    const unsteady = { ...settings, schedule: derailed, iterations: 25 };
    const losses: number[] = [];
    const onProgress = (event: ProgressEvent) => losses.push(event.values?.loss ?? Number.NaN);
    const [batch] = await all(invert(small, unsteady, { count: 3 }, contextOf({ onProgress })));
    expect(Math.min(...losses)).toBeLessThan(losses.at(-1)!);
    const { value } = valueAndGradient(batch!.data, termOf(batchNormStatistics(), small));
    expect(value).toBeCloseTo(Math.min(...losses), 4);
  });

  it('draws each sample to its class, in balance', async () => {
    const inverted = {
      ...settings,
      terms: [classLoss({ kind: 'cross-entropy' }), smoothness({ weight: 0.01 })],
      labelled: true,
      batch: 4,
      iterations: 40,
    };
    const batches = await all(invert(small, inverted, { count: 8 }, contextOf()));
    const labels = batches.flatMap((batch) => Array.from(batch.labels ?? []));
    expect([...labels].sort()).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  });

  it('works on one and three spatial axes and without a grid', async () => {
    for (const shape of [
      [3, 12],
      [2, 4, 4, 4],
    ]) {
      const model = network({ shape, widths: [4] });
      const [batch] = await all(
        invert(model, { ...settings, augmentations: [shift(0.25)], iterations: 3 }, { count: 2 }, contextOf()),
      );
      expect(batch?.data.dims).toEqual([2, ...shape]);
    }
  });
});
