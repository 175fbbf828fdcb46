import { defaultCount } from '@datafree/orchestrator';
import { DatafreeError } from '@datafree/plugin';
import type { Command } from 'commander';
import { type OwnOption, ownOption, path, repeated, whole, words } from './values.ts';

/** Bits of weights and of activations. */
export interface Bits {
  readonly weights: number;
  readonly activations: number;
}

/** Which cells a comparison has. */
export interface GridOptions {
  readonly methods: readonly string[];
  readonly bits?: readonly Bits[];
  readonly seeds: number;
  readonly samples: number;
  readonly methodOption?: readonly OwnOption[];
  readonly withReal?: string;
}

/** Adds the options that say which cells a comparison has. */
export function withGrid(command: Command): Command {
  return command
    .optionsGroup('The grid:')
    .option(
      '--methods <list>',
      'how samples are made: bns, inception, bns+inception, gaussian, or plugins by name or path',
      words('methods'),
      ['gaussian', 'inception', 'bns', 'bns+inception'],
    )
    .option('--bits <list>', 'bits of weights/activations: 8/8,4/4 (those of --weights and --activations)', bits)
    .option('--seeds <number>', 'how many seeds, counted from --seed', whole('seeds', 1, 1000), 3)
    .option('--samples <number>', 'how many samples each method makes', whole('samples', 1), defaultCount)
    .option('--with-real <data>', 'also calibrate on as many samples drawn from this data', path('with-real'))
    .option(
      '--method-option <method:name=value>',
      'an option of one of the methods, several times if needed: bns:iterations=200',
      repeated(ownOption('method-option')),
    );
}

function bits(text: string): readonly Bits[] {
  const found = words('bits')(text).map((word) => /^([2-8])\/([2-8])$/.exec(word));
  if (found.some((match) => match === null)) throw invalid('bits', text, 'bits of 2 to 8 like 8/8,4/4');
  return found.map((match) => ({ weights: Number(match?.[1]), activations: Number(match?.[2]) }));
}

function invalid(name: string, text: string, wanted: string): DatafreeError {
  return new DatafreeError('option-invalid', `--${name}: "${text}" is not ${wanted}.`, { path: name });
}
