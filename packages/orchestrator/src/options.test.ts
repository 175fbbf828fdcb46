import { expect, test } from 'vitest';
import { compress } from './compress.ts';
import { checkPlan } from './plan.ts';
import { fineTune, measure, quantize, synthesize } from './stages.ts';
import { counter, counting, model, runtime, steps, summing, tuning } from './testing/plugins.ts';

const base = { model, runtime, synthesizer: steps(), quantizer: summing() };
const refusal = async (work: Promise<unknown>): Promise<Record<string, unknown>> =>
  work.then(
    () => ({}),
    (error) => ({ name: error.name, ...error.toJSON() }),
  );

test.each<[options: unknown, path: string, message: RegExp]>([
  [undefined, '(options)', /^compress: nothing was given where an object of options is needed/],
  ['x.onnx', '(options)', /the text "x\.onnx"/],
  [{}, 'model', /model: nothing was given where a model is needed/],
  [{ ...base, model: 'x.onnx' }, 'model', /the text "x\.onnx"/],
  [{ ...base, model: { model } }, 'model', /another object/],
  [{ ...base, samples: 4 }, 'samples', /samples: the number 4 was given where a set of samples is needed/],
  [{ ...base, samples: [] }, 'samples', /an Array/],
  [{ ...base, metrics: counter }, 'metrics', /an array of metrics/],
  [{ ...base, store: 'folder' }, 'store', /a run store/],
  [{ ...base, signal: new AbortController() }, 'signal', /an AbortController was given/],
  [{ ...base, logger: () => {} }, 'logger', /a function was given where a logger/],
  [{ ...base, onProgress: true }, 'onProgress', /the boolean true/],
  [{ ...base, conut: 4 }, 'conut', /conut: there is no such option; there are .*count/],
  [{ ...base, count: '4' }, 'count', /whole number/],
])('compress(%j) is refused with the path %s', async (options, path, message) => {
  const found = await refusal(compress(options as never));
  expect(found).toMatchObject({ name: 'DatafreeError', code: 'option-invalid', path });
  expect(found.message).toMatch(message);
});

test('what a function cannot do without is asked for', async () => {
  const samples = counting(2, 0);
  const missing = [
    [compress({ ...base, quantizer: undefined } as never), 'plugin-invalid', 'quantizer'],
    [compress({ ...base, runtime: undefined } as never), 'plugin-invalid', 'runtime'],
    [synthesize({ model, runtime } as never), 'plugin-invalid', 'synthesizer'],
    [quantize({ model, runtime, samples } as never), 'plugin-invalid', 'quantizer'],
    [quantize({ model, runtime, quantizer: summing() } as never), 'option-invalid', 'synthesizer'],
    [fineTune({ model, runtime, samples, fineTuner: tuning() } as never), 'option-invalid', 'quantized'],
    [measure({ model, runtime, samples } as never), 'option-invalid', 'metrics'],
    [measure({ model, runtime, metrics: [counter] } as never), 'option-invalid', 'samples'],
  ] as const;
  for (const [work, code, path] of missing) expect(await refusal(work)).toMatchObject({ code, path });
  expect(() => checkPlan(undefined as never)).toThrowError(expect.objectContaining({ code: 'option-invalid' }));
});

test('one object of options serves several functions', async () => {
  const samples = await synthesize({ ...base, count: 2 });
  expect((await quantize({ ...base, count: 2, samples } as Parameters<typeof quantize>[0])).bits.weights).toBe(8);
});
