import { DatafreeError } from '@datafree/plugin';
import { expect, test } from 'vitest';
import { compress } from './compress.ts';
import { counter, counting, model, runtime, steps, summing, tuning } from './testing/plugins.ts';
import { memoryStore } from './testing/store.ts';

const base = { model, runtime, quantizer: summing(), count: 8, seed: 3 };

test('runs the stages in order and says what each took', async () => {
  const stages: string[] = [];
  const result = await compress({
    ...base,
    synthesizer: steps(),
    fineTuner: tuning(),
    metrics: [counter],
    onProgress: ({ stage }) => stages.push(stage),
  });
  expect([...new Set(stages)]).toEqual(['synthesis', 'calibration']);
  expect(result.quantized.warnings).toEqual(['tuned']);
  expect(result.metrics).toEqual({ counter: { samples: 8 } });
  expect(result.seed).toBe(3);
  const { synthesis, calibration, fineTuning, measurement, total } = result.seconds;
  expect(total).toBeGreaterThanOrEqual(synthesis + calibration + fineTuning + measurement);
});

test('uses samples of your own', async () => {
  const result = await compress({ model, runtime, quantizer: summing(), samples: counting(2, 1) });
  expect(result.quantized.graph.metadata.get('sum')).toBe('10');
});

test('an interrupted run goes on where it was and ends as one that was not interrupted', async () => {
  const whole = await compress({ ...base, synthesizer: steps() });
  for (let writes = 0; writes <= 5; writes++) {
    const { store, checkpoint } = memoryStore();
    checkpoint.failAfter = writes;
    const spy = { steps: 0 };
    const first = compress({ ...base, synthesizer: steps(spy), store });
    if (writes < 5) await expect(first).rejects.toThrow('the disk is full');
    else await first;
    checkpoint.failAfter = Number.POSITIVE_INFINITY;
    const resumed = await compress({ ...base, synthesizer: steps(spy), store });
    expect(resumed.quantized).toEqual(whole.quantized);
    // The step whose write failed is done again, no other.
    expect(spy.steps).toBe(writes === 5 ? 4 : 5);
  }
});

test('a network that a plugin cannot work with is refused before anything is made or kept', async () => {
  const refuse = (): never => {
    throw new DatafreeError('operator-unknown', 'Hardmax is not known.', { node: 'odd' });
  };
  for (const refusing of [
    { quantizer: summing({ check: refuse }) },
    { fineTuner: tuning({ check: refuse }) },
    { metrics: [{ ...counter, check: refuse }] },
  ]) {
    const { store, entries } = memoryStore();
    const spy = { steps: 0 };
    const work = compress({ ...base, synthesizer: steps(spy), store, ...refusing });
    const [plugin] = Object.values(refusing).flat();
    await expect(work).rejects.toMatchObject({ code: 'operator-unknown', node: 'odd', plugin: plugin?.name });
    expect([spy.steps, entries.size]).toEqual([0, 0]);
  }
});

test('a fine-tuner is told whose network it will be given', async () => {
  const told: unknown[] = [];
  const fineTuner = tuning({ check: (...given) => void told.push(...given) });
  await compress({ ...base, synthesizer: steps(), fineTuner });
  expect(told).toEqual([base.model, expect.objectContaining({ name: base.quantizer.name })]);
});

test('samples that were kept are not made again', async () => {
  const { store } = memoryStore();
  const failing = summing({ quantize: () => Promise.reject(new Error('killed')) });
  await expect(compress({ ...base, quantizer: failing, synthesizer: steps(), store })).rejects.toThrow('killed');
  const never = steps(undefined, { synthesize: () => Promise.reject(new Error('made again')) });
  const resumed = await compress({ ...base, synthesizer: never, store });
  expect(resumed.quantized.graph.metadata.get('sum')).toBe(String(16 * 3 + 120));
});

test('stages keep their entries apart', async () => {
  const { store, entries } = memoryStore();
  const quantizer = summing({
    quantize: async ({ graph }, _samples, { checkpoint }) => {
      await checkpoint?.write('step-0', Uint8Array.of(2));
      return { graph, bits: { weights: 8, activations: 8 }, warnings: [] };
    },
  });
  await compress({ ...base, quantizer, synthesizer: steps(), store });
  expect(entries.get('synthesis-step-0')).toEqual(Uint8Array.of(1));
  expect(entries.get('calibration-step-0')).toEqual(Uint8Array.of(2));
});

test.each([
  ['model', { model: { ...model, hash: 'other' } }],
  ['seed', { seed: 4 }],
  ['count', { count: 10 }],
  ['quantizer', { quantizer: summing({ options: { weights: 4, activations: 8 } }) }],
  ['synthesizer', { synthesizer: steps(undefined, { options: { iterations: 1 } }) }],
])('a store of another %s is refused', async (path, change) => {
  const { store } = memoryStore();
  await compress({ ...base, synthesizer: steps(), store });
  await expect(compress({ ...base, synthesizer: steps(), store, ...change })).rejects.toMatchObject({
    code: 'resume-mismatch',
    path,
  });
});

test('a store of other facts is refused', async () => {
  const { store } = memoryStore({ versions: { datafree: '0.1.0' } });
  await compress({ ...base, synthesizer: steps(), store });
  const later = { ...store, facts: { versions: { datafree: '0.2.0' } } };
  await expect(compress({ ...base, synthesizer: steps(), store: later })).rejects.toMatchObject({
    code: 'resume-mismatch',
    path: 'versions',
  });
});

test('nothing is kept of a plan that cannot work, of a model without a hash, or of a run that fails at once', async () => {
  const { store, entries } = memoryStore();
  await expect(compress({ ...base, synthesizer: steps(), store, seed: -1 })).rejects.toMatchObject({
    code: 'option-invalid',
  });
  await expect(compress({ ...base, model: { ...model, hash: '' }, synthesizer: steps(), store })).rejects.toMatchObject(
    { code: 'option-invalid', path: 'store' },
  );
  const failing = steps(undefined, { synthesize: () => Promise.reject(new Error('no derivative')) });
  await expect(compress({ ...base, synthesizer: failing, store })).rejects.toThrow('no derivative');
  expect(entries.size).toBe(0);
});
