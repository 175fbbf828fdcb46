import { defaultCount } from '@datafree/orchestrator';
import type { Synthesizer } from '@datafree/plugin';
import type { Command } from 'commander';
import { makerOf } from '../plugins/make.ts';
import { type Assignment, assembled, assignment, repeated, whole } from './values.ts';

/** How samples are made. */
export interface MethodOptions {
  readonly method: string;
  readonly samples: number;
  readonly option?: readonly Assignment[];
}

/** Adds the options that say how samples are made. */
export function withMethod(command: Command): Command {
  return command
    .optionsGroup('Synthesis:')
    .option('--method <name>', 'bns, inception, bns+inception, gaussian, or a plugin by name or path', 'bns')
    .option('--samples <number>', 'how many samples to make', whole('samples', 1), defaultCount)
    .option(
      '--option <name=value>',
      'an option of the method, several times if needed: iterations=200',
      repeated(assignment('option')),
    );
}

/**
 * The synthesizer that the options ask for.
 *
 * @throws `plugin-not-found`, `plugin-invalid`, `plugin-failed`, `option-invalid`
 */
export async function synthesizerFor({ method, option = [] }: Omit<MethodOptions, 'samples'>): Promise<Synthesizer> {
  const make = await makerOf('synthesizer', method);
  return make(assembled(option));
}
