import type { BatchNormSite } from '@datafree/plugin';
import { expect, test } from 'vitest';
import { checkPlan } from './plan.ts';
import { counter, counting, model, runtime, steps, summing, tuning } from './testing/plugins.ts';

const base = { model, runtime, synthesizer: steps(), quantizer: summing() };
const codeOf = (plan: object): unknown => {
  try {
    checkPlan({ ...base, ...plan });
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

const supports = { needsBatchNorm: false, needsGradients: false, labels: false, deterministic: true };

test('a sound plan passes', () => {
  expect(codeOf({})).toBeUndefined();
  expect(codeOf({ fineTuner: tuning(), metrics: [counter], count: 1, seed: 0, threads: 1 })).toBeUndefined();
});

test('an object that is no plugin of the kind is refused', () => {
  expect(codeOf({ synthesizer: summing() })).toBe('plugin-invalid');
  expect(codeOf({ synthesizer: steps })).toBe('plugin-invalid');
  expect(codeOf({ quantizer: null })).toBe('plugin-invalid');
  expect(codeOf({ runtime: { ...runtime, compile: undefined } })).toBe('plugin-invalid');
  expect(codeOf({ synthesizer: { ...steps(), supports: undefined } })).toBe('plugin-invalid');
  expect(() => checkPlan({ ...base, quantizer: { ...summing(), apiVersion: 2 as 1 } })).toThrowError(
    expect.objectContaining({
      code: 'plugin-invalid',
      plugin: 'summing',
      message: expect.stringContaining('version 2'),
    }),
  );
});

test('a method that needs BatchNormalization is refused for a network without', () => {
  const synthesizer = steps(undefined, { supports: { ...supports, needsBatchNorm: true } });
  expect(codeOf({ synthesizer })).toBe('batchnorm-missing');
  expect(codeOf({ synthesizer, model: { ...model, batchNorms: [{} as BatchNormSite] } })).toBeUndefined();
  expect(codeOf({ synthesizer, samples: counting(2, 0) })).toBeUndefined();
  expect(codeOf({ metrics: [{ ...counter, supports: { ...counter.supports, needsBatchNorm: true } }] })).toBe(
    'batchnorm-missing',
  );
});

test('a method that needs gradients is refused on a runtime without', () => {
  const plain = { ...runtime, supports: { ...runtime.supports, gradients: false } };
  const synthesizer = steps(undefined, { supports: { ...supports, needsGradients: true } });
  expect(codeOf({ synthesizer, runtime: plain })).toBe('unsupported');
  expect(codeOf({ fineTuner: tuning(), runtime: plain })).toBe('unsupported');
  expect(codeOf({ runtime: plain })).toBeUndefined();
});

test('two metrics of one name are refused: one would hide the values of the other', () => {
  expect(() => checkPlan({ ...base, metrics: [counter, { ...counter, options: { groups: 8 } }] })).toThrowError(
    expect.objectContaining({ code: 'option-invalid', path: 'metrics', message: expect.stringContaining('counter') }),
  );
  expect(codeOf({ metrics: [counter, { ...counter, name: 'other' }] })).toBeUndefined();
});

test('an operator that the runtime does not run is named', () => {
  const lacking = { ...runtime, supports: { ...runtime.supports, unsupportedOperators: ['Relu'] } };
  expect(() => checkPlan({ ...base, runtime: lacking })).toThrowError(
    expect.objectContaining({ code: 'unsupported', op: 'Relu', node: 'relu' }),
  );
});

test('bits that the fine-tuner does not take are refused', () => {
  const quantizer = summing({ options: { weights: 3, activations: 8 } });
  expect(codeOf({ quantizer, fineTuner: tuning() })).toBe('unsupported');
});

test('labels are asked of samples, or of the synthesizer', () => {
  const fineTuner = tuning({ supports: { ...tuning().supports, needsLabels: true } });
  expect(codeOf({ fineTuner })).toBe('unsupported');
  expect(
    codeOf({ fineTuner, synthesizer: steps(undefined, { supports: { ...supports, labels: true } }) }),
  ).toBeUndefined();
  expect(codeOf({ fineTuner, samples: counting(2, 0) })).toBe('unsupported');
  expect(codeOf({ fineTuner, samples: counting(2, 0, true) })).toBeUndefined();
});

test('samples must have the shape of the input, and must come from somewhere', () => {
  expect(codeOf({ samples: { ...counting(2, 0), shape: [3] } })).toBe('data-shape');
  expect(codeOf({ synthesizer: undefined })).toBe('option-invalid');
});

test.each([
  ['count', 0],
  ['count', 1.5],
  ['seed', -1],
  ['seed', 2 ** 32],
  ['threads', 0],
])('%s: %d is refused', (path, value) => {
  expect(() => checkPlan({ ...base, [path]: value })).toThrowError(
    expect.objectContaining({ code: 'option-invalid', path }),
  );
});
