import type { FineTuner, Metric, Quantized } from '@datafree/plugin';
import { describe, expect, test } from 'vitest';
import { compress } from './compress.ts';
import { fineTune, measure, quantize } from './stages.ts';
import { counter, counting, model, runtime, steps, summing, tuning } from './testing/plugins.ts';

const samples = counting(2, 0);
const right = { graph: model.graph, bits: { weights: 8, activations: 8 }, warnings: [] };
const blamed = (plugin: string, message: string) => ({
  code: 'plugin-failed',
  plugin,
  message: expect.stringContaining(`${plugin} gave ${message}`),
});

describe.each([
  [undefined, 'nothing where { graph, bits, warnings }'],
  [new Uint8Array(4), 'nothing as graph'],
  [{ ...right, graph: { graph: model.graph } }, 'another object as graph'],
  [{ ...right, graph: JSON.parse(JSON.stringify(model.graph)) }, 'another object as graph'],
  [{ ...right, bits: undefined }, 'nothing as bits.weights'],
  [{ ...right, bits: { weights: 8, activations: '8' } }, 'the text "8" as bits.activations'],
  [{ ...right, warnings: 'none' }, 'the text "none" as warnings'],
  [{ ...right, fusion: { integer: 1, float: 0 } }, 'another object as fusion'],
  [{ ...right, precision: {} }, 'another object as precision'],
])('a result of %j', (value, message) => {
  const given = async () => value as Quantized;

  test('is refused of a quantizer', async () => {
    const run = quantize({ model, runtime, samples, quantizer: summing({ quantize: given }) });
    await expect(run).rejects.toMatchObject(blamed('summing', message));
  });

  test('is refused of a fine-tuner', async () => {
    const fineTuner: FineTuner = tuning({ fineTune: given });
    await expect(fineTune({ model, runtime, samples, quantized: right, fineTuner })).rejects.toMatchObject(
      blamed('tuning', message),
    );
    const run = compress({ model, runtime, synthesizer: steps(), quantizer: summing(), fineTuner, count: 2 });
    await expect(run).rejects.toMatchObject(blamed('tuning', message));
  });
});

test('a result without warnings has none', async () => {
  const { warnings: _, ...bare } = right;
  const quantizer = summing({ quantize: async () => bare as unknown as Quantized });
  expect((await quantize({ model, runtime, samples, quantizer })).warnings).toEqual([]);
});

test.each([
  [undefined, 'nothing where an object of numbers'],
  [0.5, 'the number 0.5 where'],
  [[1, 2], 'an Array where'],
  [{}, 'another object without values'],
  [{ mean: '1' }, 'the text "1" as "mean"'],
  [{ top1: 1, mean: Number.NaN }, 'the number NaN as "mean"'],
])('a metric that gives %j is blamed', async (value, message) => {
  const metric: Metric = { ...counter, measure: async () => value as never };
  await expect(measure({ model, runtime, samples, metrics: [metric] })).rejects.toMatchObject(
    blamed('counter', message),
  );
});
