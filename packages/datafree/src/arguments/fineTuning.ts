import type { FineTunerOptions } from '@datafree/finetuner';
import type { FineTuner } from '@datafree/plugin';
import { type Command, Option } from 'commander';
import { makerOf } from '../plugins/make.ts';
import { type Assignment, assignment, besides, oneOf, repeated, whole } from './values.ts';

/** How a quantised network learns from its full-precision self. */
export interface FineTuningOptions {
  /** Absent where a command does nothing else. */
  readonly finetune?: boolean;
  /** The built-in fine-tuner when absent. */
  readonly finetuneMethod?: string;
  readonly finetunePreset?: NonNullable<FineTunerOptions['preset']>;
  readonly finetuneSteps?: number;
  readonly finetuneOption?: readonly Assignment[];
}

/**
 * Adds the options of fine-tuning; they imply --finetune.
 *
 * @param alone the command does nothing else: the flags also have short names, and there is no --finetune
 */
export function withFineTuning(command: Command, { alone = false } = {}): Command {
  command.optionsGroup('Fine-tuning:');
  if (!alone) command.option('--finetune', 'let the quantised network learn from the original on its samples', false);
  const add = <T>(name: string, value: string, description: string, parser: (text: string, previous: T) => T) => {
    const flags = `${alone ? `--${name}, ` : ''}--finetune-${name} <${value}>`;
    const option = new Option(flags, description).argParser(parser);
    command.addOption(alone ? option : option.implies({ finetune: true }));
  };
  add('method', 'name', 'distil, reconstruct (block by block), or a plugin by name or path (distil)', String);
  add(
    'preset',
    'name',
    'fast: 1000 steps; paper: as published, 16000 of distil, 20000 for each block of reconstruct (fast)',
    oneOf('finetune-preset', ['fast', 'paper']),
  );
  add('steps', 'number', 'how many steps; of reconstruct for each block', whole('finetune-steps', 1));
  add(
    'option',
    'name=value',
    'an option of the fine-tuner, several times if needed: learningRate=0.0001',
    repeated(assignment('finetune-option')),
  );
  return command;
}

/**
 * The fine-tuner that the options ask for. A plugin is given only the options that were set.
 *
 * @throws `plugin-not-found`, `plugin-invalid`, `plugin-failed`, `option-invalid`
 */
export async function fineTunerFor(options: FineTuningOptions): Promise<FineTuner> {
  const { finetuneMethod = 'distil', finetunePreset, finetuneSteps, finetuneOption = [] } = options;
  const make = await makerOf('fine-tuner', finetuneMethod);
  const flags = {
    ...(finetunePreset === undefined ? {} : { preset: finetunePreset }),
    ...(finetuneSteps === undefined ? {} : { steps: finetuneSteps }),
  };
  return make({ ...flags, ...besides(flags, finetuneOption, 'finetune') });
}
