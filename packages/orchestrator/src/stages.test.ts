import { DatafreeError, type ProgressEvent } from '@datafree/plugin';
import { expect, test } from 'vitest';
import { fineTune, measure, quantize, synthesize } from './stages.ts';
import { counter, counting, model, runtime, steps, summing, tuning } from './testing/plugins.ts';

test('each stage works alone', async () => {
  const samples = await synthesize({ model, runtime, synthesizer: steps(), count: 4, seed: 7 });
  expect(samples.count).toBe(4);
  const quantized = await quantize({ model, runtime, quantizer: summing(), samples });
  expect(quantized.graph.metadata.get('sum')).toBe(String(7 * 8 + 28));
  const tuned = await fineTune({ model, runtime, fineTuner: tuning(), quantized, samples });
  expect(tuned.warnings).toEqual(['tuned']);
  expect(await measure({ model, runtime, metrics: [counter], samples })).toEqual({ counter: { samples: 4 } });
});

test('progress is completed when the plugin returns', async () => {
  const seen: ProgressEvent[] = [];
  await synthesize({ model, runtime, synthesizer: steps(), count: 4, onProgress: (event) => seen.push(event) });
  expect(seen.map((event) => event.done)).toEqual([0, 2, 4]);
});

test('what a plugin throws carries its name', async () => {
  const failing = (error: unknown) => steps(undefined, { synthesize: () => Promise.reject(error) });
  const run = (error: unknown) => synthesize({ model, runtime, synthesizer: failing(error) });
  await expect(run(new Error('boom'))).rejects.toMatchObject({ code: 'plugin-failed', plugin: 'steps' });
  await expect(run(new DatafreeError('not-finite', 'NaN'))).rejects.toMatchObject({
    code: 'not-finite',
    plugin: 'steps',
  });
});

test('an abort is told as one, whether before, during or after the plugin', async () => {
  const controller = new AbortController();
  const options = { model, runtime, signal: controller.signal };
  const late = steps(undefined, {
    synthesize: async (_model, { count }) => {
      controller.abort();
      return counting(count, 0);
    },
  });
  await expect(synthesize({ ...options, synthesizer: late })).rejects.toMatchObject({ code: 'aborted' });
  await expect(synthesize({ ...options, synthesizer: steps() })).rejects.toMatchObject({ code: 'aborted' });

  const during = new AbortController();
  const run = synthesize({
    model,
    runtime,
    synthesizer: steps(),
    signal: during.signal,
    onProgress: () => during.abort(),
  });
  await expect(run).rejects.toMatchObject({ code: 'aborted', plugin: 'steps' });
});

test('a synthesizer that gives other samples than asked for is blamed', async () => {
  const few = steps(undefined, { synthesize: async () => counting(1, 0) });
  await expect(synthesize({ model, runtime, synthesizer: few, count: 2 })).rejects.toMatchObject({
    code: 'plugin-failed',
    plugin: 'steps',
  });
});

test('a quantizer that changes the border of the network is blamed', async () => {
  const graph = { ...model.graph, outputs: [] };
  const careless = summing({
    quantize: async () => ({ graph, bits: { weights: 8, activations: 8 }, warnings: [] }),
  });
  await expect(quantize({ model, runtime, quantizer: careless, samples: counting(2, 0) })).rejects.toMatchObject({
    code: 'plugin-failed',
    plugin: 'summing',
  });
});

test('a fine-tuner gets no network of bits that it does not take', async () => {
  const quantized = { graph: model.graph, bits: { weights: 2, activations: 8 }, warnings: [] };
  const run = fineTune({ model, runtime, fineTuner: tuning(), quantized, samples: counting(2, 0) });
  await expect(run).rejects.toMatchObject({ code: 'unsupported', plugin: 'tuning' });
});
