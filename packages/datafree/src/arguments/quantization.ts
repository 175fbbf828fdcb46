import { DatafreeError } from '@datafree/plugin';
import type { QuantizerOptions } from '@datafree/quantizer';
import type { Command } from 'commander';
import { bits, number, repeated, whole } from './values.ts';

/** The quantizer's options under their own names. */
export type QuantizationOptions = Omit<QuantizerOptions, 'exclude'> & { readonly exclude?: readonly string[] };

/** Adds the options of the quantizer; each is named as the quantizer names it. */
export function withQuantization(command: Command): Command {
  return command
    .optionsGroup('Quantisation:')
    .option('--weights <bits>', 'bits of the weights, 2 to 8 (8)', bits('weights'))
    .option('--activations <bits>', 'bits of the activations, 2 to 8 (8)', bits('activations'))
    .option(
      '--budget <part>',
      'choose the bits of each layer: weights have this part of their bits in fp32, so that 0.125 is 4 bits on average (none)',
      number('budget', 1),
    )
    .option(
      '--operations-budget <part>',
      'the same for multiplications times the bits of weights and activations, both chosen, where 8/8 bits are 0.0625 (none)',
      number('operations-budget', 1),
    )
    .option(
      '--first-last <bits>',
      'own bits of the first and last layer: 8, or weights/activations: 8/4 (none)',
      firstLast,
    )
    .option(
      '--calibration <method>',
      'how ranges of activations are found: minmax, average, percentile, mse, entropy (mse)',
    )
    .option(
      '--percentile <number>',
      'per cent of the values that percentile keeps at each end (99.99)',
      number('percentile'),
    )
    .option('--granularity <kind>', 'a weight grid for each output channel, or one for each tensor (channel)')
    .option('--symmetric', 'weight grids that are symmetric about zero (the default)')
    .option('--no-symmetric', 'weight grids that need not be symmetric about zero')
    .option('--weight-range <method>', 'how ranges of weights are found: minmax or mse (mse below 8 bits, minmax at 8)')
    .option(
      '--exclude <pattern>',
      'nodes that stay in float: a name, or a pattern with *; several times if needed (none)',
      repeated(String),
    )
    .option('--bias-correction', 'take the mean error of rounded weights out of the biases (the default)')
    .option('--no-bias-correction', 'leave biases as they are')
    .option('--equalization', 'even out the weight ranges of neighbouring layers first (off)')
    .option('--reduce-range', '7-bit weights, for x86 processors without VNNI (off)')
    .option(
      '--container <type>',
      'how weights of 4 bits or less are stored: int8, or int4 or uint4, smaller but not faster (int8)',
    )
    .option('--outputs <kind>', 'integer, or float to keep the outputs of a last Conv exact (integer)')
    .option('--batch <number>', 'samples that calibration runs at once (as fit 256 MB, at most 64)', whole('batch', 1));
}

/** Names of the quantizer's options that have a flag. */
export const quantizationFlags = [
  'weights',
  'activations',
  'budget',
  'operationsBudget',
  'firstLast',
  'calibration',
  'percentile',
  'granularity',
  'symmetric',
  'weightRange',
  'exclude',
  'biasCorrection',
  'equalization',
  'reduceRange',
  'container',
  'outputs',
  'batch',
] as const satisfies readonly (keyof QuantizerOptions)[];

/** The options for the quantizer among all options of a command; what is absent keeps the quantizer's default. */
export function quantizationOf(options: QuantizationOptions): QuantizerOptions {
  refuseIdle(options);
  const given = quantizationFlags.filter((name) => options[name] !== undefined);
  const chosen = Object.fromEntries(given.map((name) => [name, options[name]]));
  return options.exclude === undefined ? chosen : { ...chosen, exclude: options.exclude.map(exclusion) };
}

/** What would have no effect beside another option is refused. @throws `option-invalid` */
function refuseIdle({ weights, budget, operationsBudget, calibration, percentile }: QuantizationOptions): void {
  const chosen = budget === undefined ? '--operations-budget' : '--budget';
  if (weights !== undefined && (budget ?? operationsBudget) !== undefined) {
    throw new DatafreeError('option-invalid', `--weights: ${chosen} chooses the bits of the weights in its place.`, {
      path: 'weights',
      hint: `Give --weights or ${chosen}.`,
    });
  }
  if (percentile !== undefined && calibration !== 'percentile') {
    throw new DatafreeError('option-invalid', '--percentile: only the calibration "percentile" goes by it.', {
      path: 'percentile',
      hint: 'Give --calibration percentile too.',
    });
  }
}

/** A name, or a pattern in which `*` stands for any characters. */
function exclusion(text: string): string | RegExp {
  if (!text.includes('*')) return text;
  const parts = text.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

function firstLast(text: string): NonNullable<QuantizerOptions['firstLast']> {
  const bits = /^(\d+)(?:\/(\d+))?$/.exec(text);
  if (bits !== null) return { weights: Number(bits[1]), activations: Number(bits[2] ?? bits[1]) };
  throw new DatafreeError('option-invalid', `--first-last: "${text}" is not bits like 8 or 8/4.`, {
    path: 'firstLast',
  });
}
