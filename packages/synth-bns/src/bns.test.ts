import { bind, ChannelMoments } from '@datafree/core';
import {
  type Context,
  type Model,
  type ProgressEvent,
  type Runtime,
  type SampleSet,
  silentLogger,
} from '@datafree/plugin';
import { ort } from '@datafree/runtime-ort';
import { describe, expect, it } from 'vitest';
import { bns } from './bns.ts';
import type { BnsOptions } from './options.ts';
import { network } from './testing/network.ts';

const runtime = ort({ threads: 1 });
const context = (seed = 1): Context => ({ runtime, seed, threads: 1, logger: silentLogger, onProgress() {} });
const model = network();

async function values(set: SampleSet): Promise<Float32Array> {
  for await (const batch of set.batches(set.count)) return batch.data.data;
  throw new Error('There are no samples.');
}

/** Mean KL(samples ‖ stored) over channels and layers, by running the network. */
async function divergence(net: Model, samples: Float32Array): Promise<number> {
  const count = samples.length / (3 * 12 * 12);
  const session = await runtime.compile(
    bind(net.graph, { N: count }, { keep: net.batchNorms.map((site) => site.tensor) }),
  );
  const outputs = await session.run({ input: { dtype: 'float32', dims: [count, 3, 12, 12], data: samples } });
  await session.dispose();
  const layers = net.batchNorms.map((site) => {
    const moments = new ChannelMoments(site.channels);
    moments.add(outputs[site.tensor]!.data as Float32Array, 144);
    const [means, variances] = [moments.mean(), moments.variance()];
    const sum = Array.from(site.mean).reduce((total, mean, c) => {
      const [stored, own] = [site.variance[c]!, variances[c]!];
      return total + 0.5 * (Math.log(stored / own) - 1 + (own + (means[c]! - mean) ** 2) / stored);
    }, 0);
    return sum / site.channels;
  });
  return layers.reduce((sum, layer) => sum + layer, 0) / layers.length;
}

/** Mean cosine between normalised features at the last BatchNormalization, and the entropy of the mean softmax. */
async function variety(samples: Float32Array): Promise<{ cosine: number; entropy: number }> {
  const count = samples.length / (3 * 12 * 12);
  const site = model.batchNorms.at(-1)!;
  const session = await runtime.compile(bind(model.graph, { N: count }, { keep: [site.tensor, 'logits'] }));
  const outputs = await session.run({ input: { dtype: 'float32', dims: [count, 3, 12, 12], data: samples } });
  await session.dispose();
  const rows = (name: string) => {
    const data = outputs[name]!.data as Float32Array;
    return Array.from({ length: count }, (_, n) =>
      data.subarray((n * data.length) / count, ((n + 1) * data.length) / count),
    );
  };
  const features = rows(site.tensor).map((row) =>
    Array.from(site.mean, (mean, c) => {
      const sum = row.subarray(c * 144, c * 144 + 144).reduce((total, value) => total + value, 0);
      return (sum / 144 - mean) / Math.sqrt(site.variance[c]!);
    }),
  );
  let cosine = 0;
  for (const [i, a] of features.entries()) {
    for (const [j, b] of features.entries()) {
      if (i === j) continue;
      const product = a.reduce((sum, value, c) => sum + value * b[c]!, 0);
      cosine += product / (Math.hypot(...a) * Math.hypot(...b)) / (count * (count - 1));
    }
  }
  const shares = [0, 0, 0, 0];
  for (const row of rows('logits')) {
    const sum = row.reduce((total, z) => total + Math.exp(z), 0);
    row.forEach((z, c) => {
      shares[c]! += Math.exp(z) / sum / count;
    });
  }
  return { cosine, entropy: -shares.reduce((sum, share) => sum + share * Math.log(share), 0) };
}

describe('bns', () => {
  it('makes samples that the network takes for what it was trained on', async () => {
    const matched = await values(await bns().synthesize(model, { count: 24 }, context()));
    const started = await values(await bns({ iterations: 1 }).synthesize(model, { count: 24 }, context()));
    expect(await divergence(model, matched)).toBeLessThan(0.4 * (await divergence(model, started)));
  });

  it('drives samples apart and spreads them over the classes where it is told to, and else changes nothing', async () => {
    const make = (options: BnsOptions) => bns({ batch: 16, ...options }).synthesize(model, { count: 16 }, context());
    const plain = await values(await make({}));
    expect(await values(await make({ diversity: 0, balance: 0 }))).toEqual(plain);
    const before = await variety(plain);
    const apart = await variety(await values(await make({ diversity: 10 })));
    expect(apart.cosine).toBeLessThan(before.cosine - 0.05);
    const balanced = await variety(await values(await make({ balance: 10 })));
    expect(balanced.entropy).toBeGreaterThan(before.entropy + 0.05);
  });

  it('tells the terms in its progress, and refuses a balance without classes', async () => {
    const terms: string[][] = [];
    const observed = {
      ...context(),
      onProgress: ({ values = {} }: ProgressEvent) => void terms.push(Object.keys(values)),
    };
    const synthesizer = bns({ iterations: 1, diversity: 1, balance: 1 });
    await synthesizer.synthesize(model, { count: 2 }, observed);
    expect(terms).toEqual([['loss', 'bns', 'diversity', 'balance', 'rate']]);
    const { tensor } = model.batchNorms.at(-1)!;
    const map = { ...model, output: { ...model.output, name: tensor, shape: ['N', 12, 12, 12] } };
    await expect(synthesizer.synthesize(map, { count: 2 }, context())).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('gives as many samples as asked for, on the grid, the same for the same seed', async () => {
    const make = (seed: number) => bns({ batch: 4, iterations: 5 }).synthesize(model, { count: 6 }, context(seed));
    const set = await make(1);
    expect(set).toMatchObject({ count: 6, shape: [3, 12, 12], labelled: false });
    const samples = await values(set);
    for (const value of samples) {
      const pixel = (value + 2) * (255 / 4);
      expect(Math.abs(pixel - Math.round(pixel))).toBeLessThan(1e-3);
      expect(Math.round(pixel)).toBeGreaterThanOrEqual(0);
      expect(Math.round(pixel)).toBeLessThanOrEqual(255);
    }
    expect(await values(await make(1))).toEqual(samples);
    expect(await values(await make(2))).not.toEqual(samples);
  });

  it('runs every form of the loss', async () => {
    for (const divergenceForm of ['kl', 'reverse-kl', 'symmetric', 'l2', 'norm'] as const) {
      for (const granularity of ['batch', 'set', 'sample'] as const) {
        const synthesizer = bns({ divergence: divergenceForm, granularity, iterations: 3, inputLayer: 'standard' });
        expect((await synthesizer.synthesize(model, { count: 2 }, context())).count).toBe(2);
      }
    }
  });

  it('runs the augmentations and copies of the paper', async () => {
    const synthesizer = bns({ preset: 'paper', iterations: 4, batch: 3 });
    expect(synthesizer.options).toMatchObject({
      copies: 4,
      optimiser: 'adam',
      learningRate: 0.1,
      granularity: 'batch',
    });
    expect((await synthesizer.synthesize(model, { count: 3 }, context())).count).toBe(3);
  });

  it('refuses options that it does not know or that are out of range, with their path', () => {
    expect(() => bns({ steps: 3 } as never)).toThrow(
      expect.objectContaining({ code: 'option-invalid', path: 'steps' }),
    );
    expect(() => bns({ iterations: 0 })).toThrow(
      expect.objectContaining({ code: 'option-invalid', path: 'iterations' }),
    );
    expect(() => bns({ preset: 'slow' as never })).toThrow(expect.objectContaining({ path: 'preset' }));
  });

  it('refuses a number of samples that cannot be', async () => {
    for (const count of [0, 1.5, -1]) {
      await expect(bns().synthesize(model, { count }, context())).rejects.toMatchObject({ code: 'option-invalid' });
    }
  });

  it('names a network without BatchNormalization', async () => {
    const plain = network({ batchNorm: false });
    await expect(bns().synthesize(plain, { count: 2 }, context())).rejects.toMatchObject({ code: 'batchnorm-missing' });
  });

  it('makes the same large samples where the runtime repeats steps as where it does not', async () => {
    // 2430 samples of 432 values are over a million.
    const make = async (own: Runtime) => {
      const done: number[] = [];
      const onProgress = (event: ProgressEvent) => done.push(event.done);
      const options = { batch: 2430, iterations: 7, learningRate: 0.01 };
      const set = await bns(options).synthesize(model, { count: 2430 }, { ...context(), runtime: own, onProgress });
      return { samples: await values(set), done };
    };
    let carried = 0;
    const repeating: Runtime = {
      ...runtime,
      compile: (graph, options) => {
        if (options?.carried !== undefined) carried++;
        return runtime.compile(graph, options);
      },
    };
    const single: Runtime = {
      ...runtime,
      compile: (graph, { carried: _, ...options } = {}) => runtime.compile(graph, options),
    };
    const [together, apart] = [await make(repeating), await make(single)];
    expect(carried).toBe(1);
    expect(together.done).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(apart.done).toEqual(together.done);
    expect(together.samples).toEqual(apart.samples);
  }, 90_000);
});
