import type { Quantizer } from '@datafree/plugin';
import type { Command } from 'commander';
import { makerOf } from '../plugins/make.ts';
import type { Bits } from './grid.ts';
import { type QuantizationOptions, quantizationOf } from './quantization.ts';
import { type Assignment, assignment, besides, repeated } from './values.ts';

/** What quantises. */
export interface QuantizerChoice extends QuantizationOptions {
  readonly quantizer: string;
  readonly quantizerOption?: readonly Assignment[];
}

/** Adds the options that put another quantizer in place of the built-in one. */
export function withQuantizer(command: Command): Command {
  return command
    .optionsGroup('Quantisation:')
    .option('--quantizer <name>', 'quantizer, or a plugin by name or path', 'quantizer')
    .option(
      '--quantizer-option <name=value>',
      'an option of the quantizer that has no flag, several times if needed',
      repeated(assignment('quantizer-option')),
    );
}

/**
 * What makes the quantizer that the options ask for, at bits of one's own or at those of the options. A plugin is given
 * only the options that were set.
 *
 * @throws `plugin-not-found`, `plugin-invalid`, `plugin-failed`; what is returned throws `option-invalid`
 */
export async function quantizersFor(options: QuantizerChoice): Promise<(own?: Bits) => Quantizer> {
  const make = await makerOf('quantizer', options.quantizer);
  const given = {
    ...quantizationOf(options),
    ...besides(quantizationOf(options), options.quantizerOption, 'quantizer'),
  };
  return (own) => make({ ...given, ...own });
}
