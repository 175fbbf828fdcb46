import { classCount } from '@datafree/inversion';
import { defaultCount } from '@datafree/orchestrator';
import { DatafreeError, type Model, type Synthesizer } from '@datafree/plugin';
import type { Command } from 'commander';
import { makerOf } from '../plugins/make.ts';
import { type Assignment, assembled, assignment, repeated, whole } from './values.ts';

/** How samples are made. */
export interface MethodOptions {
  readonly method: string;
  /** How many samples in all. */
  readonly samples?: number;
  /** How many for each class of the network, in place of `samples`. */
  readonly samplesPerClass?: number;
  readonly option?: readonly Assignment[];
}

/** Adds the options that say how samples are made. */
export function withMethod(command: Command): Command {
  return command
    .optionsGroup('Synthesis:')
    .option('--method <name>', 'bns, inception, bns+inception, gaussian, or a plugin by name or path', 'bns')
    .option('--samples <number>', `how many samples to make (${defaultCount})`, whole('samples', 1))
    .option(
      '--samples-per-class <number>',
      'how many samples to make for each class of the network, in place of --samples',
      whole('samples-per-class', 1),
    )
    .option(
      '--option <name=value>',
      'an option of the method, several times if needed: iterations=200',
      repeated(assignment('option')),
    );
}

/**
 * How many samples the options ask for.
 *
 * @throws `option-invalid` for both ways to say it; `unsupported` for a number for each class of a network that has none
 */
export function countFor(
  { samples, samplesPerClass }: Pick<MethodOptions, 'samples' | 'samplesPerClass'>,
  model: Model,
): number {
  if (samplesPerClass === undefined) return samples ?? defaultCount;
  if (samples === undefined) return samplesPerClass * classCount(model);
  throw new DatafreeError('option-invalid', 'Only one of --samples and --samples-per-class can be given.', {
    path: 'samples-per-class',
  });
}

/**
 * The synthesizer that the options ask for.
 *
 * @throws `plugin-not-found`, `plugin-invalid`, `plugin-failed`, `option-invalid`
 */
export async function synthesizerFor({
  method,
  option = [],
}: Pick<MethodOptions, 'method' | 'option'>): Promise<Synthesizer> {
  const make = await makerOf('synthesizer', method);
  return make(assembled(option));
}
