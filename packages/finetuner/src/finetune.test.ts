import { numbersOf } from '@datafree/core';
import type { Checkpoint, Model, ProgressEvent, Quantized } from '@datafree/plugin';
import { quantizer } from '@datafree/quantizer';
import { findQuantisers } from '@datafree/student';
import { describe, expect, it } from 'vitest';
import { context, divergence, network, noise, normalized, quantize } from '../../student/src/testing/networks.ts';
import { distil } from './finetune.ts';
import type { FineTunerOptions } from './options.ts';

const quick: FineTunerOptions = { steps: 120, batch: 16, augmentations: [], learningRate: 0.02, temperature: 1 };

function memory(): Checkpoint & { readonly entries: Map<string, Uint8Array> } {
  const entries = new Map<string, Uint8Array>();
  return {
    entries,
    read: async (key) => entries.get(key),
    write: async (key, value) => {
      entries.set(key, value);
    },
  };
}

describe('distil', () => {
  const ways: FineTunerOptions['features'][] = ['mse', 'smooth-l1', 'attention', 'none', ['mse', 'attention']];
  it.each(ways.map((features) => ({ features })))('brings the student closer ($features)', async ({ features }) => {
    const model = network();
    const quantized = await quantize(model, 3);
    const tuned = await distil({ ...quick, features, featureWeight: 0.02 }).fineTune(
      model,
      quantized,
      noise(64),
      context(),
    );
    expect(await divergence(model, tuned)).toBeLessThan(0.7 * (await divergence(model, quantized)));
    expect(tuned.graph.nodes).toEqual(quantized.graph.nodes);
  });

  it('adds up comparisons of activations, each with its weight', async () => {
    const model = network();
    const quantized = await quantize(model, 3);
    const compared = async (features: FineTunerOptions['features']) => {
      const first: Record<string, number>[] = [];
      const onProgress = ({ values }: ProgressEvent) => first.push(values as Record<string, number>);
      const plugin = distil({ ...quick, steps: 1, features, featureWeight: 0.5 });
      await plugin.fineTune(model, quantized, noise(16), context({ onProgress }));
      return first[0]!;
    };
    const [mse, attention, both, one, none] = [
      await compared('mse'),
      await compared('attention'),
      await compared(['mse', 'attention']),
      await compared(['mse']),
      await compared([]),
    ];
    expect(both.features).toBeCloseTo(mse.features! + attention.features!, 6);
    expect(both.loss).toBeCloseTo(both.logits! + both.features!, 6);
    expect(one).toEqual(mse);
    expect(none).toEqual({ logits: none.logits, loss: none.logits });
  });

  it.each([{ symmetric: true }, { symmetric: false }])('learns without another code ($symmetric)', async (own) => {
    const model = network();
    const quantized = await quantize(model, 3, noise(64), own);
    const tuned = await distil({ ...quick, learnCodes: false }).fineTune(model, quantized, noise(64), context());
    expect(await divergence(model, tuned)).toBeLessThan(0.8 * (await divergence(model, quantized)));
    for (const { codes, scale } of findQuantisers(quantized.graph).weights) {
      const [before, after] = [quantized.graph.initializers, tuned.graph.initializers];
      expect(after.get(codes)!.data).toEqual(before.get(codes)!.data);
      expect(after.get(scale)!.data).not.toEqual(before.get(scale)!.data);
    }
  });

  it('learns the same codes however layers are scaled', async () => {
    const model = network();
    const by = (factors: Readonly<Record<string, number>>) => {
      const initializers = [...model.graph.initializers].map(([name, tensor]) => {
        const data = Float32Array.from(numbersOf(tensor), (value) => value * (factors[name] ?? 1));
        return [name, factors[name] === undefined ? tensor : { ...tensor, data }] as const;
      });
      return { ...model, graph: { ...model.graph, initializers: new Map(initializers) } };
    };
    // What the first layer gives is 8 times as large, and the second takes it as it was.
    const scaled = by({ weight0: 8, bias0: 8, weight1: 1 / 8 });
    const codes = async (own: Model) => {
      const quantized = await quantize(own, 4);
      const options = { ...quick, steps: 60, features: 'none' } as const;
      const tuned = await distil(options).fineTune(own, quantized, noise(64), context());
      const read = ({ graph }: Quantized) =>
        findQuantisers(graph).weights.flatMap((weight) => Array.from(numbersOf(graph.initializers.get(weight.codes)!)));
      return { before: read(quantized), after: read(tuned) };
    };
    const [plain, other] = [await codes(model), await codes(scaled)];
    const differing = (a: readonly number[], b: readonly number[]) => a.filter((code, i) => code !== b[i]).length;
    expect(other.before).toEqual(plain.before);
    expect(differing(plain.before, plain.after)).toBeGreaterThan(20);
    expect(differing(plain.after, other.after)).toBeLessThan(0.01 * plain.after.length);
  });

  it('refuses where nothing is left to learn', async () => {
    const model = network();
    const nodes = model.graph.nodes.map((node) => ({ ...node, inputs: node.inputs.slice(0, 2) }));
    const bare = { ...model, graph: { ...model.graph, nodes } };
    const quantized = await quantize(bare, 4, noise(64), { biasCorrection: false });
    const still = distil({ ...quick, learnCodes: false, learnSteps: 'none' });
    await expect(still.fineTune(bare, quantized, noise(64), context())).rejects.toMatchObject({
      code: 'option-invalid',
      path: 'learnCodes',
    });
  });

  it('learns from mixed samples, by SGD, with steps that stay', async () => {
    const model = network();
    const quantized = await quantize(model, 3);
    const options = { ...quick, optimiser: 'sgd', learningRate: 0.02, learnSteps: 'none', mixup: 0.5 } as const;
    const tuned = await distil(options).fineTune(model, quantized, noise(64), context());
    expect(await divergence(model, tuned)).toBeLessThan(await divergence(model, quantized));
  });

  it('refuses one step size for all channels where BatchNormalization is to follow, before anything is done', () => {
    const model = normalized();
    const following = distil({ ...quick, batchNorm: 'following' });
    const refused = expect.objectContaining({ code: 'unsupported', path: 'batchNorm' });
    expect(() => following.check?.(model, quantizer({ granularity: 'tensor' }))).toThrow(refused);
    expect(() => following.check?.(model, quantizer())).not.toThrow();
    expect(() => distil(quick).check?.(model, quantizer({ granularity: 'tensor' }))).not.toThrow();
  });

  it('refuses a network of which nothing is quantised', async () => {
    const model = network();
    const untouched = { graph: model.graph, bits: { weights: 8, activations: 8 }, warnings: [] };
    await expect(distil(quick).fineTune(model, untouched, noise(64), context())).rejects.toThrow(
      expect.objectContaining({ code: 'unsupported', message: expect.stringContaining('quantised weights') }),
    );
  });

  it('learns from samples of other contrast and brightness', async () => {
    const model = network();
    const quantized = await quantize(model, 3);
    const plugin = distil({ ...quick, featureWeight: 0.02, augmentations: ['jitter'] });
    const tuned = await plugin.fineTune(model, quantized, noise(64), context());
    expect(await divergence(model, tuned)).toBeLessThan(0.8 * (await divergence(model, quantized)));
  });

  it('learns while BatchNormalization follows, and keeps the nodes', async () => {
    const model = normalized();
    const quantized = await quantize(model, 3);
    const losses: number[] = [];
    const onProgress = ({ values }: ProgressEvent) => losses.push(values?.loss as number);
    const plugin = distil({ ...quick, featureWeight: 0.02, batchNorm: 'following' });
    const tuned = await plugin.fineTune(model, quantized, noise(64), context({ onProgress }));
    const mean = (from: number, to: number) =>
      losses.slice(from, to).reduce((sum, loss) => sum + loss, 0) / (to - from);
    expect(mean(losses.length - 20, losses.length)).toBeLessThan(0.7 * mean(0, 20));
    expect(await divergence(model, tuned)).toBeLessThan(0.7 * (await divergence(model, quantized)));
    expect(tuned.graph.nodes).toEqual(quantized.graph.nodes);
  });

  it('follows the recipe of the paper', async () => {
    const model = normalized();
    const quantized = await quantize(model, 3);
    const plugin = distil({ preset: 'paper', steps: 160, batch: 32 });
    const tuned = await plugin.fineTune(model, quantized, noise(64), context());
    expect(await divergence(model, tuned)).toBeLessThan(0.8 * (await divergence(model, quantized)));
    for (const [name, { dtype, data }] of quantized.graph.initializers) {
      const own = tuned.graph.initializers.get(name)!;
      expect(own.dtype).toBe(dtype);
      // Ranges of activations stay.
      if (dtype === 'float32' && own.dims.length === 0) expect(own.data).toEqual(data);
    }
  });

  it('leaves BatchNormalization folded unless it is asked for', async () => {
    const model = normalized();
    const quantized = await quantize(model, 4);
    const tuned = async (options: FineTunerOptions) => {
      const plugin = distil({ ...quick, steps: 5, ...options });
      const { graph } = await plugin.fineTune(model, quantized, noise(32), context());
      return [...graph.initializers].map(([name, { data }]) => [name, data]);
    };
    const frozen = await tuned({ batchNorm: 'frozen' });
    expect(await tuned({})).toEqual(frozen);
    expect(await tuned({ batchNorm: 'following' })).not.toEqual(frozen);
  });

  it('refuses to follow where weights have one step size', async () => {
    const model = normalized();
    const quantized = await quantize(model, 4, noise(32), { granularity: 'tensor' });
    const tuned = distil({ ...quick, batchNorm: 'following' }).fineTune(model, quantized, noise(32), context());
    await expect(tuned).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('gives the same bytes for a seed, also after an interruption, and others for another', async () => {
    const model = network();
    const quantized = await quantize(model, 4);
    const plugin = distil({ ...quick, learningRate: 0.002, stepRate: 5e-4 });
    const weights = async (own: Parameters<typeof context>[0]) => {
      const { graph } = await plugin.fineTune(model, quantized, noise(40), context(own));
      return [...graph.initializers].map(([name, { data }]) => [name, data]);
    };
    const whole = await weights({});
    expect(await weights({})).toEqual(whole);
    expect(await weights({ seed: 2 })).not.toEqual(whole);

    const checkpoint = memory();
    const stop = new AbortController();
    const onProgress = ({ done }: ProgressEvent) => {
      if (done === 110) stop.abort();
    };
    const interrupted = weights({ checkpoint, signal: stop.signal, onProgress });
    await expect(interrupted).rejects.toMatchObject({ code: 'aborted' });
    expect(checkpoint.entries.size).toBe(1);
    const seen: number[] = [];
    const resumed = await weights({ checkpoint, onProgress: ({ done }) => seen.push(done) });
    expect(resumed).toEqual(whole);
    expect(seen[0]).toBe(101);
  });

  it('stops at the same step after an interruption', async () => {
    const model = network();
    const quantized = await quantize(model, 4);
    const options = { ...quick, steps: 1000, schedule: 'constant', patience: 150 } as const;
    const run = async (own: Parameters<typeof context>[0]) => {
      const losses: number[] = [];
      const onProgress = (event: ProgressEvent) => {
        losses.push(event.values?.loss as number);
        own?.onProgress?.(event);
      };
      const { graph } = await distil(options).fineTune(model, quantized, noise(32), context({ ...own, onProgress }));
      return { losses, initializers: [...graph.initializers].map(([name, { data }]) => [name, data]) };
    };
    const whole = await run({});
    const steps = whole.losses.length;
    expect(steps).toBeGreaterThan(120);
    expect(steps).toBeLessThan(1000);

    const checkpoint = memory();
    const stop = new AbortController();
    let done = 0;
    // After a checkpoint, while it waits.
    const interrupted = run({
      checkpoint,
      signal: stop.signal,
      onProgress: () => ++done === steps - 20 && stop.abort(),
    });
    await expect(interrupted).rejects.toMatchObject({ code: 'aborted' });
    const resumed = await run({ checkpoint });
    const from = steps - resumed.losses.length;
    expect(from % 100).toBe(0);
    expect(resumed.losses).toEqual(whole.losses.slice(from));
    expect(resumed.initializers).toEqual(whole.initializers);
  });

  it('reports every step and stops when nothing improves', async () => {
    const model = network();
    const quantized = await quantize(model, 8);
    const events: ProgressEvent[] = [];
    const options = { ...quick, steps: 1000, learningRate: 1e-9, stepRate: 1e-9, patience: 100 };
    await distil(options).fineTune(model, quantized, noise(32), context({ onProgress: (event) => events.push(event) }));
    expect(events.length).toBeLessThan(600);
    expect(events.at(-1)).toMatchObject({ stage: 'fine-tuning', done: 1000, total: 1000 });
    expect(events[0]?.values).toHaveProperty('logits');
  });

  it('refuses samples of another shape and options that it does not have', async () => {
    const model = network();
    const quantized = await quantize(model, 4);
    const wrong = { ...noise(4), shape: [3, 8, 8] };
    await expect(distil().fineTune(model, quantized, wrong, context())).rejects.toMatchObject({ code: 'data-shape' });
    const unknown = { stps: 3 } as object;
    expect(() => distil(unknown)).toThrowError(expect.objectContaining({ code: 'option-invalid', path: 'stps' }));
  });
});
