import { distil, type FineTunerOptions } from '@datafree/finetuner';
import type { FineTuner } from '@datafree/plugin';
import type { Command } from 'commander';
import { assembled, assignment, oneOf, repeated, whole } from './values.ts';

/** How a quantised network learns from its full-precision self. */
export interface FineTuningOptions {
  readonly finetunePreset?: NonNullable<FineTunerOptions['preset']>;
  readonly finetuneSteps?: number;
  readonly finetuneOption?: readonly (readonly [path: readonly string[], value: unknown])[];
}

/** Adds the options of fine-tuning. @param alone the command does nothing else: the flags also have short names */
export function withFineTuning(command: Command, { alone = false } = {}): Command {
  const flag = (name: string): string => (alone ? `--${name}, --finetune-${name}` : `--finetune-${name}`);
  return command
    .optionsGroup('Fine-tuning:')
    .option(
      `${flag('preset')} <name>`,
      'fast: 1000 steps of Adam; paper: the recipe of "The Knowledge Within", 16000 steps (fast)',
      oneOf('finetune-preset', ['fast', 'paper']),
    )
    .option(`${flag('steps')} <number>`, 'how many steps', whole('finetune-steps', 1))
    .option(
      `${flag('option')} <name=value>`,
      'an option of the fine-tuner, several times if needed: learningRate=0.0001',
      repeated(assignment('finetune-option')),
    );
}

/** The fine-tuner that the options ask for. @throws `option-invalid` */
export function fineTunerFor({ finetunePreset, finetuneSteps, finetuneOption = [] }: FineTuningOptions): FineTuner {
  return distil({
    ...(finetunePreset === undefined ? {} : { preset: finetunePreset }),
    ...(finetuneSteps === undefined ? {} : { steps: finetuneSteps }),
    ...assembled(finetuneOption),
  });
}
