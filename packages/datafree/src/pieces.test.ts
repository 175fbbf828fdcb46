import { fileURLToPath } from 'node:url';
import type { Context, Quantized } from '@datafree/plugin';
import { smallNetwork, smallNetworkSamples } from '@datafree/testkit';
import { expect, test } from 'vitest';
import {
  bns,
  compareDataSets,
  distil,
  encodeModel,
  gaussian,
  inception,
  isDatafreeError,
  loadModel,
  memorySamples,
  openData,
  quantizer,
  reconstruct,
} from './index.ts';

const none = undefined as never;
const model = smallNetwork();
const samples = smallNetworkSamples(4);
const quantized = { graph: model.graph, bits: { weights: 8, activations: 8 }, warnings: [] } as Quantized;
const context = {} as Context;
const file = fileURLToPath(import.meta.url);

test.each<[string, () => unknown, path: string]>([
  ["loadModel('model.onnx')", () => loadModel('model.onnx' as never), 'bytes'],
  ['loadModel(bytes, { foo: 1 })', () => loadModel(encodeModel(model.graph), { foo: 1 } as object), 'foo'],
  ['encodeModel(model)', () => encodeModel(model as never), 'graph'],
  ['openData(file)', () => openData(file, none), '(options)'],
  ['openData(file, {})', () => openData(file, {} as never), 'shape'],
  ['memorySamples()', () => memorySamples(none), '(options)'],
  ['quantize(model, samples)', () => quantizer().quantize(model, samples, none), 'context'],
  ['quantize(model, samples, {})', () => quantizer().quantize(model, samples, context), 'context.runtime'],
  ['quantize(model.graph, …)', () => quantizer().quantize(model.graph as never, samples, context), 'model'],
  ['quantize(model, 4, …)', () => quantizer().quantize(model, 4 as never, context), 'samples'],
  ['reconstruct: a graph', () => reconstruct().fineTune(model, model.graph as never, samples, context), 'quantized'],
  ['reconstruct: no context', () => reconstruct().fineTune(model, quantized, samples, none), 'context'],
  ['distil: a graph', () => distil().fineTune(model, model.graph as never, samples, context), 'quantized'],
  ['distil: no context', () => distil().fineTune(model, quantized, samples, none), 'context'],
  ['bns: no context', () => bns().synthesize(model, { count: 2 }, none), 'context'],
  ['inception: an empty context', () => inception().synthesize(model, { count: 2 }, context), 'context.runtime'],
  ['gaussian: no context', () => gaussian().synthesize(model, { count: 2 }, none), 'context'],
  ['compareDataSets(model)', () => compareDataSets(model, none, none), 'context'],
])('%s is refused with what is wrong', async (_, work, path) => {
  const error = await Promise.resolve()
    .then(work)
    .then(
      () => undefined,
      (thrown) => thrown,
    );
  expect(isDatafreeError(error), String(error)).toBe(true);
  expect(error).toMatchObject({ code: 'option-invalid', path });
  expect(error.hint).toBeTruthy();
});

test('sets of samples and how many to make are missed by name', async () => {
  const runtime = { compile() {}, supports: {} } as never;
  const logger = { debug() {}, info() {}, warn() {} };
  const whole: Context = { runtime, seed: 0, logger, onProgress() {} };
  await expect(compareDataSets(model, none, whole)).rejects.toMatchObject({ code: 'option-invalid', path: 'sets' });
  await expect(compareDataSets(model, { own: model as never }, whole)).rejects.toMatchObject({ path: 'sets.own' });
  for (const plugin of [bns(), gaussian()]) {
    await expect(plugin.synthesize(model, none, whole)).rejects.toMatchObject({
      code: 'option-invalid',
      path: 'count',
    });
  }
});
