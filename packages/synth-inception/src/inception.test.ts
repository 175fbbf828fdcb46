import { bind } from '@datafree/core';
import { type Context, type SampleBatch, type SampleSet, silentLogger } from '@datafree/plugin';
import { ort } from '@datafree/runtime-ort';
import { describe, expect, it } from 'vitest';
import { bnsInception, inception } from './inception.ts';
import type { BnsInceptionOptions } from './options.ts';
import { network } from './testing/network.ts';

const runtime = ort({ threads: 1 });
const context = (seed = 1): Context => ({ runtime, seed, threads: 1, logger: silentLogger, onProgress() {} });
const model = network();

async function whole(set: SampleSet): Promise<SampleBatch> {
  for await (const batch of set.batches(set.count)) return batch;
  throw new Error('There are no samples.');
}

/** Part of the samples that the network takes for the class they carry. */
async function agreement(set: SampleSet): Promise<number> {
  const { data, labels } = await whole(set);
  const session = await runtime.compile(bind(model.graph, { N: set.count }));
  const { logits } = await session.run({ input: data });
  await session.dispose();
  const rows = logits!.data as Float32Array;
  const right = Array.from(labels!).filter((label, n) => {
    const row = rows.subarray(n * 4, n * 4 + 4);
    return row[label] === Math.max(...row);
  });
  return right.length / set.count;
}

describe('inception', () => {
  it('makes samples of every class that the network recognises', async () => {
    const set = await inception().synthesize(model, { count: 16 }, context());
    expect(set.labelled).toBe(true);
    const { labels } = await whole(set);
    expect([...labels!].sort()).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
    expect(await agreement(set)).toBeGreaterThan(0.9);
  });

  it('runs every form of the class loss', async () => {
    for (const classLoss of ['exp', 'cross-entropy', 'linear', 'margin'] as const) {
      const set = await inception({ classLoss, iterations: 3, variation: 0.1 }).synthesize(
        model,
        { count: 4 },
        context(),
      );
      expect(set.count).toBe(4);
    }
  });

  it('takes weights of diversity and balance beside the statistics, of which 0 changes nothing', async () => {
    const make = async (options: BnsInceptionOptions) =>
      (await whole(await bnsInception({ iterations: 10, ...options }).synthesize(model, { count: 6 }, context()))).data;
    const plain = await make({});
    expect(await make({ diversity: 0, balance: 0 })).toEqual(plain);
    expect(await make({ diversity: 1 })).not.toEqual(plain);
    expect(await make({ balance: 1 })).not.toEqual(plain);
  });

  it('needs no BatchNormalization', async () => {
    const plain = network({ batchNorm: false });
    expect((await inception({ iterations: 3 }).synthesize(plain, { count: 4 }, context())).count).toBe(4);
  });

  it('refuses a network without classes', async () => {
    const map = { ...model, output: { ...model.output, shape: ['N', 4, 6, 6] } };
    await expect(inception().synthesize(map, { count: 2 }, context())).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('refuses options that it does not know, with their path', () => {
    expect(() => inception({ divergence: 'kl' } as never)).toThrow(
      expect.objectContaining({ code: 'option-invalid', path: 'divergence' }),
    );
    expect(() => inception({ smoothnessSize: 4 })).toThrow(expect.objectContaining({ path: 'smoothnessSize' }));
  });
});

describe('bnsInception', () => {
  // A network that was never trained: its statistics contradict its classes, and weigh more by default.
  const alike = { statisticsWeight: 1 };

  it('aims at classes and statistics together', async () => {
    const set = await bnsInception(alike).synthesize(model, { count: 16 }, context());
    expect(await agreement(set)).toBeGreaterThan(0.7);
    expect(await whole(await bnsInception(alike).synthesize(model, { count: 16 }, context()))).toEqual(
      await whole(set),
    );
  });

  it('follows the statistics more where they weigh more', async () => {
    const divergence = async (options: BnsInceptionOptions) => {
      let last: number | undefined;
      const onProgress: Context['onProgress'] = ({ values }) => {
        last = values?.bns;
      };
      const synthesizer = bnsInception(options);
      await synthesizer.synthesize(model, { count: 16 }, { ...context(), onProgress });
      return last! / (synthesizer.options as BnsInceptionOptions).statisticsWeight!;
    };
    expect(await divergence({})).toBeLessThan(0.9 * (await divergence(alike)));
  });

  it('lowers both together, to the end', async () => {
    const losses: Readonly<Record<string, number>>[] = [];
    const onProgress: Context['onProgress'] = ({ values }) => losses.push(values ?? {});
    // A network that is sure of itself: the pull of the classes is strong at first and soon gone.
    const sure = network({ certainty: 20 });
    await bnsInception(alike).synthesize(sure, { count: 16 }, { ...context(), onProgress });
    const least = (name: string) => Math.min(...losses.map((values) => values[name]!));
    const last = losses.at(-1)!;
    expect(last.loss).toBeLessThan(0.1 * losses[0]!.loss!);
    expect(last.loss).toBeLessThan(1.05 * least('loss'));
    expect(last.bns).toBeLessThan(losses[0]!.bns!);
  });

  it('takes the values of the paper from its preset', () => {
    expect(bnsInception({ preset: 'paper' }).options).toMatchObject({
      classLoss: 'exp',
      classScale: 4e-4,
      smoothness: 1,
      iterations: 1000,
      granularity: 'batch',
    });
  });

  it('needs BatchNormalization', async () => {
    const plain = network({ batchNorm: false });
    await expect(bnsInception().synthesize(plain, { count: 2 }, context())).rejects.toMatchObject({
      code: 'batchnorm-missing',
    });
  });
});
