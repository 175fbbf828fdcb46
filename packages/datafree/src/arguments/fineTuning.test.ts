import { Command } from 'commander';
import { expect, test } from 'vitest';
import { type FineTuningOptions, fineTunerFor, withFineTuning } from './fineTuning.ts';

function parsed(args: readonly string[], alone = false): FineTuningOptions {
  return withFineTuning(new Command('test').exitOverride(), { alone }).parse(args, { from: 'user' }).opts();
}

test('a fine-tuner with the options that flags give', async () => {
  const args = ['--finetune-preset', 'paper', '--finetune-steps', '9', '--finetune-option', 'learningRate=0.5'];
  const { options } = await fineTunerFor(parsed(args));
  expect(options).toMatchObject({ preset: 'paper', steps: 9, learningRate: 0.5, optimiser: 'sgd' });
  expect((await fineTunerFor({})).options).toMatchObject({ preset: 'fast', steps: 1000 });
});

test('reconstruction by its name', async () => {
  const tuner = await fineTunerFor(parsed(['--finetune-method', 'reconstruct', '--finetune-steps', '9']));
  expect(tuner).toMatchObject({ name: 'reconstruct', options: { preset: 'fast', steps: 9, drop: 0.5 } });
});

test('the flags imply --finetune', () => {
  expect(parsed([]).finetune).toBe(false);
  expect(parsed(['--finetune']).finetune).toBe(true);
  expect(parsed(['--finetune-steps', '9']).finetune).toBe(true);
});

test('have short names where there is nothing else', () => {
  expect(parsed(['--steps', '9', '--preset', 'fast'], true)).toEqual({ finetuneSteps: 9, finetunePreset: 'fast' });
});

test('refuses what is not allowed', async () => {
  expect(() => parsed(['--finetune-preset', 'slow'])).toThrowError(expect.objectContaining({ code: 'option-invalid' }));
  const named = (message: RegExp) => expect.objectContaining({ message: expect.stringMatching(message) });
  expect(() => parsed(['--finetune-steps', '0'])).toThrowError(named(/^--finetune-steps: /));
  expect(() => parsed(['--steps', '0'], true)).toThrowError(named(/^--steps: /));
  await expect(fineTunerFor({ finetuneOption: [[['stps'], 3]] })).rejects.toMatchObject({
    code: 'option-invalid',
    path: 'stps',
  });
});
