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
  type Parse<T> = (text: string, previous: T) => T;
  /** @param parserOf given the name that the flag is spoken of by */
  const add = <T>(name: string, value: string, description: string, parserOf: (flag: string) => Parse<T>) => {
    const long = `finetune-${name}`;
    const flags = `${alone ? `--${name}, ` : ''}--${long} <${value}>`;
    const option = new Option(flags, description).argParser(parserOf(alone ? name : long));
    command.addOption(alone ? option : option.implies({ finetune: true }));
  };
  add('method', 'name', 'distil, reconstruct (block by block), or a plugin by name or path (distil)', () => String);
  add(
    'preset',
    'name',
    'fast: 1000 steps; paper: as published, 16000 of distil, 20000 for each block of reconstruct (fast)',
    (flag) => oneOf(flag, ['fast', 'paper']),
  );
  add('steps', 'number', 'how many steps; of reconstruct for each block', (flag) => whole(flag, 1));
  add('option', 'name=value', 'an option of the fine-tuner, several times if needed: learningRate=0.003', (flag) =>
    repeated(assignment(flag)),
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
