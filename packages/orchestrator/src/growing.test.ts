import type { ProgressEvent } from '@datafree/plugin';
import { expect, test } from 'vitest';
import { compress } from './compress.ts';
import { synthesize } from './stages.ts';
import { counter, counting, growing, learning, model, runtime, steps, summing } from './testing/plugins.ts';
import { memoryStore } from './testing/store.ts';

const base = { model, runtime, quantizer: summing(), fineTuner: learning(), count: 8, calibrate: 2, seed: 3 };
const wanted = new Map([
  ['sum', String(4 * 3 + 6)],
  ['learned', String([2, 4, 6, 8].reduce((sum, n) => sum + n * (2 * 3 + 2 * n - 1), 0) % 251)],
]);

test('the fine-tuner learns on samples as they appear, on the same ones as where all are there', async () => {
  const events: ProgressEvent[] = [];
  const spy = { steps: 0 };
  const result = await compress({ ...base, synthesizer: growing(spy), onProgress: (event) => events.push(event) });
  expect(result.quantized.graph.metadata).toEqual(wanted);
  expect(events.map(({ stage, done }) => `${stage} ${done}`)).toEqual([
    'synthesis 2',
    'calibration 1',
    'fine-tuning 1',
    'synthesis 4',
    'fine-tuning 2',
    'synthesis 6',
    'fine-tuning 3',
    'synthesis 8',
    'fine-tuning 4',
  ]);
  const whole = await compress({ ...base, synthesizer: steps() });
  expect(whole.quantized).toEqual(result.quantized);
  const own = await compress({ ...base, samples: counting(8, 3) });
  expect(own.quantized).toEqual(result.quantized);
});

test('interrupted anywhere, it goes on to the same network', async () => {
  for (let writes = 0; writes <= 9; writes++) {
    const { store, checkpoint } = memoryStore();
    checkpoint.failAfter = writes;
    const spy = { steps: 0 };
    const first = compress({ ...base, synthesizer: growing(spy), store });
    // What the run is, 4 steps of synthesis, 4 of learning.
    if (writes < 9) await expect(first).rejects.toThrow('the disk is full');
    else await first;
    checkpoint.failAfter = Number.POSITIVE_INFINITY;
    const resumed = await compress({ ...base, synthesizer: growing(spy), store });
    expect(resumed.quantized.graph.metadata).toEqual(wanted);
    expect(spy.steps).toBeLessThanOrEqual(5);
  }
});

test('all samples are made in the end, also those that nobody asked for', async () => {
  const events: ProgressEvent[] = [];
  const result = await compress({
    ...base,
    fineTuner: undefined,
    synthesizer: growing(),
    metrics: [counter],
    onProgress: (event) => events.push(event),
  });
  expect(result.samples.count).toBe(8);
  expect(events.at(-1)).toMatchObject({ stage: 'synthesis', done: 8, total: 8 });
});

test('a run that is calibrated on other samples is another one', async () => {
  const { store } = memoryStore();
  await compress({ ...base, synthesizer: growing(), store });
  await expect(compress({ ...base, synthesizer: growing(), store, calibrate: 4 })).rejects.toMatchObject({
    code: 'resume-mismatch',
    path: 'calibrate',
  });
});

test.each([0, 1.5, 9])('samples cannot be calibrated on %d of 8', async (calibrate) => {
  const error = { code: 'option-invalid', path: 'calibrate' };
  await expect(compress({ ...base, calibrate, synthesizer: growing() })).rejects.toMatchObject(error);
  await expect(compress({ ...base, calibrate, samples: counting(8, 0) })).rejects.toMatchObject(error);
});

test('a synthesizer that has fewer samples ready than were to be is blamed', async () => {
  const late = steps(undefined, { synthesize: async (_, { count }) => ({ ...counting(count, 0), ready: 1 }) });
  for (const ready of [undefined, 2]) {
    await expect(synthesize({ model, runtime, synthesizer: late, count: 4, ready })).rejects.toMatchObject({
      code: 'plugin-failed',
      message: expect.stringContaining('the number 1 as ready'),
    });
  }
});
