import { describe, expect, it } from 'vitest';
import { type FineTunerOptions, parseFineTunerOptions } from './options.ts';

describe('options', () => {
  it('paper: the recipe for 32 × 32 pixels and ten classes', () => {
    expect(parseFineTunerOptions({ preset: 'paper' })).toEqual({
      preset: 'paper',
      steps: 80 * 200,
      batch: 512,
      optimiser: 'sgd',
      learningRate: 0.1 / 10,
      stepRate: 1e-4,
      schedule: 'staggered',
      learnSteps: 'none',
      learnCodes: true,
      batchNorm: 'following',
      temperature: 1,
      features: 'smooth-l1',
      featureWeight: 0.01 * 10,
      augmentations: ['flip', 'shift', 'cutout'],
      shiftBy: 4 / 32,
      mixup: 0.5,
    });
  });

  it('fast: BatchNormalization stays folded, steps learn', () => {
    const fast = parseFineTunerOptions({});
    expect(fast).toMatchObject({
      preset: 'fast',
      steps: 1000,
      batchNorm: 'frozen',
      learnSteps: 'both',
      shiftBy: 1 / 16,
    });
    expect(fast.patience).toBeUndefined();
  });

  it('takes what is given before what the preset says', () => {
    const own = parseFineTunerOptions({ preset: 'paper', batchNorm: 'frozen', features: ['mse', 'attention'] });
    expect(own).toMatchObject({ batchNorm: 'frozen', features: ['mse', 'attention'], optimiser: 'sgd' });
  });

  it.each([
    { features: ['none'] },
    { features: 'l3' },
    { shiftBy: 2 },
    { batchNorm: 'thawed' },
    { augmentations: ['turn'] },
  ])('refuses %o', (options) => {
    expect(() => parseFineTunerOptions(options as FineTunerOptions)).toThrowError(
      expect.objectContaining({ code: 'option-invalid' }),
    );
  });
});
