import { DatafreeError, type Model, type SampleBatch, type SampleSet } from '@datafree/plugin';
import { expect, test } from 'vitest';
import { compress } from './compress.ts';
import { synthesize } from './stages.ts';
import { counting, model, runtime, steps, summing } from './testing/plugins.ts';

const count = 4;
const right = counting(count, 0);

const giving = (value: unknown) => steps(undefined, { synthesize: async () => value as SampleSet });
/** Samples of which one batch of two is another one. */
const withBatch = (batch: unknown): SampleSet => ({
  ...right,
  async *batches(size) {
    let at = 0;
    for await (const own of right.batches(size)) yield at++ === 1 ? (batch as SampleBatch) : own;
  },
});

async function readBy(value: unknown, of: Model = model, logger?: { warn(message: string): void }) {
  const log = logger && { debug() {}, info() {}, ...logger };
  const samples = await synthesize({ model: of, runtime, synthesizer: giving(value), count, logger: log });
  const values: number[] = [];
  for await (const { data } of samples.batches(2)) values.push(...data.data);
  return values;
}

test('sound samples pass as they are', async () => {
  expect(await readBy(right)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test.each([
  [undefined, 'nothing where a set of samples'],
  [{ shape: [2], count, labelled: false }, 'another object where a set of samples'],
  [new Float32Array(8), 'a Float32Array where a set of samples'],
  [{ ...right, count: 3 }, '3 samples of shape [2] where 4 of [2]'],
  [{ ...right, shape: [1, 2] }, '4 samples of shape [1,2]'],
  [{ ...right, labelled: undefined }, 'nothing as labelled'],
])('a synthesizer that gives %j is blamed at once', async (value, message) => {
  const run = synthesize({ model, runtime, synthesizer: giving(value), count });
  await expect(run).rejects.toMatchObject({
    code: 'plugin-failed',
    plugin: 'steps',
    message: expect.stringContaining(`steps gave ${message}`),
  });
});

const data = (dims: unknown, values: unknown, dtype = 'float32') => ({ data: { dtype, dims, data: values } });

test.each([
  [undefined, 'nothing where a tensor'],
  [data([2, 2], new Float32Array(1)), '1 values for dims [2, 2], which hold 4'],
  [data([2, 2], new Float64Array(4), 'float64'), 'type float64'],
  [data([2, 1], new Float32Array(2)), 'dims [2, 1] where [samples, 2]'],
  [data([1, 2], new Float32Array(2)), 'a batch of 1 samples where 2 were asked for'],
  [data([3, 2], new Float32Array(6)), 'a batch of 3 samples where 2 were asked for'],
])('a batch that is %j is blamed when it is read', async (batch, message) => {
  const error = { code: 'plugin-failed', plugin: 'steps', message: expect.stringContaining(message) };
  await expect(readBy(withBatch(batch))).rejects.toMatchObject(error);
  const synthesizer = giving(withBatch(batch));
  await expect(compress({ model, runtime, synthesizer, quantizer: summing(), count })).rejects.toMatchObject(error);
});

test.each([
  [{ ...right, batches: () => undefined }, 'nothing where batches'],
  [{ ...right, batches: (size: number) => counting(2, 0).batches(size) }, '2 samples in its batches where it says 4'],
  [{ ...right, labelled: true }, 'labels in nothing'],
])('a set whose reading is %j is blamed', async (set, message) => {
  await expect(readBy(set)).rejects.toMatchObject({
    code: 'plugin-failed',
    plugin: 'steps',
    message: expect.stringContaining(message),
  });
});

test('values that are not finite are told with their sample', async () => {
  await expect(readBy(withBatch(data([2, 2], Float32Array.of(0, 1, 2, Number.NaN))))).rejects.toMatchObject({
    code: 'not-finite',
    plugin: 'steps',
    message: expect.stringContaining('NaN in sample 3'),
  });
});

test('labels that were promised are missed', async () => {
  const synthesizer = { ...giving(right), supports: { ...steps().supports, labels: true } };
  await expect(synthesize({ model, runtime, synthesizer, count })).rejects.toMatchObject({ code: 'plugin-failed' });
});

test('what reading throws carries the name of the plugin, whoever reads', async () => {
  const throwing = (error: Error): SampleSet => ({
    ...right,
    // biome-ignore lint/correctness/useYield: it throws before.
    async *batches() {
      throw error;
    },
  });
  const failed = { code: 'plugin-failed', plugin: 'steps', message: 'steps: boom' };
  await expect(readBy(throwing(new TypeError('boom')))).rejects.toMatchObject(failed);
  const synthesizer = giving(throwing(new TypeError('boom')));
  await expect(compress({ model, runtime, synthesizer, quantizer: summing(), count })).rejects.toMatchObject(failed);
  const own = new DatafreeError('not-finite', 'The loss is NaN.');
  await expect(readBy(throwing(own))).rejects.toMatchObject({ code: 'not-finite', plugin: 'steps' });
});

test("values far outside the network's inputs are warned of once, near ones never", async () => {
  const grid = { scale: [1], offset: [0], low: 0, high: 4, whole: false };
  const said: string[] = [];
  const logger = { warn: (message: string) => void said.push(message) };
  await readBy(counting(count, -2), { ...model, grid }, logger);
  expect(said).toEqual([]);
  expect(await readBy(counting(count, 5), { ...model, grid }, logger)).toHaveLength(8);
  expect(said).toEqual(["steps made a sample with 7, but the network's input goes from 0 to 4."]);
});
