import { quantizer, quantizerOptions } from '@datafree/quantizer';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { quantizationFlags, quantizationOf, withQuantization } from './quantization.ts';

function parse(...args: string[]) {
  const command = withQuantization(new Command()).exitOverride();
  command.parse(args, { from: 'user' });
  return quantizationOf(command.opts());
}

/** What only `--quantizer-option` gives. */
const flagless = ['summands'];

test('every option of the quantizer has a flag of the same name, but for a rare one', () => {
  const names = Object.keys(quantizerOptions.entries).filter((name) => !flagless.includes(name));
  expect([...quantizationFlags].sort()).toEqual([...names].sort());
  const flags = withQuantization(new Command()).options.map((option) => option.attributeName());
  expect([...new Set(flags)].sort()).toEqual([...names].sort());
});

test('without flags the defaults of the quantizer hold', () => {
  expect(quantizer(parse()).options).toEqual(quantizer().options);
});

test('what is on can be switched off, and what is off on', () => {
  for (const [name, { type }] of Object.entries(quantizerOptions.entries).map(
    ([name, entry]) => [name, entry.wrapped] as const,
  )) {
    if (type !== 'boolean') continue;
    const initial = quantizer().options[name];
    const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const changed = parse(initial ? `--no-${flag}` : `--${flag}`) as Record<string, unknown>;
    expect(changed[name]).toBe(!initial);
  }
});

test('what would have no effect beside another option is refused', () => {
  for (const [path, ...args] of [
    ['weights', '--weights', '3', '--budget', '0.125'],
    ['weights', '--weights', '3', '--operations-budget', '0.01'],
    ['percentile', '--percentile', '99'],
    ['percentile', '--percentile', '99', '--calibration', 'minmax'],
  ]) {
    expect(() => parse(...args)).toThrowError(expect.objectContaining({ code: 'option-invalid', path }));
  }
});

test('flags reach the quantizer as its options', () => {
  const options = parse(
    ...['--weights', '4', '--activations', '6', '--first-last', '8/7', '--calibration', 'percentile'],
    ...['--percentile', '99.9', '--granularity', 'tensor', '--no-symmetric', '--weight-range', 'mse'],
    ...['--exclude', 'conv1', '--exclude', 'head.*', '--bias-correction', '--equalization', '--reduce-range'],
    ...['--container', 'int4', '--outputs', 'float', '--batch', '16'],
  );
  expect(quantizer(options).options).toEqual({
    weights: 4,
    activations: 6,
    firstLast: { weights: 8, activations: 7 },
    calibration: 'percentile',
    percentile: 99.9,
    granularity: 'tensor',
    symmetric: false,
    weightRange: 'mse',
    exclude: ['conv1', '/^head\\..*$/'],
    biasCorrection: true,
    equalization: true,
    reduceRange: true,
    container: 'int4',
    outputs: 'float',
    summands: 'wide',
    batch: 16,
  });
});

test('the same bits for both where one number is given', () => {
  expect(parse('--first-last', '8').firstLast).toEqual({ weights: 8, activations: 8 });
  expect(() => parse('--first-last', 'all')).toThrowError(expect.objectContaining({ code: 'option-invalid' }));
});

test('values out of range are refused by the quantizer', () => {
  expect(() => quantizer(parse('--weights', '9'))).toThrowError(
    expect.objectContaining({ code: 'option-invalid', path: 'weights' }),
  );
  expect(() => quantizer(parse('--calibration', 'magic'))).toThrowError(
    expect.objectContaining({ code: 'option-invalid', path: 'calibration' }),
  );
});
