import { type Preprocess, preprocessNames } from '@datafree/data';
import { DatafreeError } from '@datafree/plugin';
import type { Command } from 'commander';
import { interval, numbers, oneOf, shape } from './values.ts';

/** How pixels become the network's input. */
export interface InputOptions {
  readonly preprocess?: (typeof preprocessNames)[number];
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly range?: readonly number[];
  readonly dequantize?: readonly number[];
  readonly bounds?: readonly number[];
  readonly inputShape?: readonly number[];
}

/** Adds the options that say how pixels become the network's input. */
export function withInput(command: Command): Command {
  return command
    .optionsGroup("The network's input:")
    .option(
      '--preprocess <name>',
      'imagenet: 0…1, then the mean and deviation of ImageNet; unit: 0…1; signed: −1…1; byte: 0…255; none: as stored',
      oneOf('preprocess', preprocessNames),
    )
    .option('--mean <list>', 'mean that is subtracted, one number or one a channel', numbers('mean'))
    .option('--std <list>', 'deviation that is divided by, one number or one a channel', numbers('std'))
    .option('--range <low,high>', 'where bytes 0 and 255 go before --mean and --std (0,1)', interval('range'))
    .option('--dequantize <scale,zero>', 'int8 features: input = scale × (stored − zero)', numbers('dequantize', 2))
    .option('--bounds <low,high>', 'floating-point features as they are, valid between these', interval('bounds'))
    .option('--input-shape <C,H,W>', 'shape of one sample where the model file leaves it free', shape('input-shape'));
}

/**
 * What the options say; undefined when they say nothing.
 *
 * @throws `option-invalid` for options that contradict each other
 */
export function preprocessOf(options: InputOptions): Preprocess | undefined {
  const { preprocess, mean, std, range, dequantize, bounds } = options;
  const pixels = mean ?? std ?? range;
  const ways = Object.entries({
    '--preprocess': preprocess,
    '--mean, --std and --range': pixels,
    '--dequantize': dequantize,
    '--bounds': bounds,
  });
  const given = ways.filter(([, value]) => value !== undefined).map(([name]) => name);
  if (given.length > 1) {
    throw new DatafreeError('option-invalid', `Only one of ${given.join(' and ')} can be given.`, {
      path: 'preprocess',
    });
  }
  if (dequantize !== undefined) return { scale: dequantize[0] as number, zeroPoint: dequantize[1] as number };
  if (bounds !== undefined) return { bounds: bounds as [number, number] };
  if (pixels === undefined) return preprocess;
  return {
    ...(mean === undefined ? {} : { mean: each(mean) }),
    ...(std === undefined ? {} : { std: each(std) }),
    ...(range === undefined ? {} : { range: range as [number, number] }),
  };
}

/** One number stands for all channels. */
function each(values: readonly number[]): number | readonly number[] {
  return values.length === 1 ? (values[0] as number) : values;
}
