import { checkNames, DatafreeError, kindOf } from '@datafree/plugin';
import { checkPlugin, type PluginKind } from './plugins.ts';

/** What an option has to be that is no plugin: how to tell it, its name, and where it comes from. */
interface Kind {
  readonly needed: string;
  readonly hint: string;
  readonly is: (value: unknown) => boolean;
}

/** True for an object with a method or a property of each of these names. */
function has(value: unknown, ...names: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && names.every((name) => name in value);
}

const kinds: Readonly<Record<string, Kind>> = {
  model: {
    needed: 'a model',
    hint: 'Give what loadModel() gives, or `model` of what openModel() gives.',
    is: (value) => has(value, 'graph', 'input', 'output', 'batchNorms'),
  },
  samples: {
    needed: 'a set of samples',
    hint: 'Give what openData(), openSamples() or synthesize() gives. How many samples to make is `count`.',
    is: (value) => has(value, 'shape', 'count', 'batches'),
  },
  quantized: {
    needed: 'a quantised network',
    hint: 'Give what quantize() gives, or `quantized` of what compress() or openQuantized() gives.',
    is: (value) => has(value, 'graph', 'bits'),
  },
  metrics: { needed: 'an array of metrics', hint: 'Put the metric in an array.', is: Array.isArray },
  store: {
    needed: 'a run store',
    hint: 'Give what runFolder() gives.',
    is: (value) => has(value, 'checkpoint', 'readSamples', 'keepSamples'),
  },
  checkpoint: {
    needed: 'a checkpoint',
    hint: 'Give what fileCheckpoint() gives.',
    is: (value) => has(value, 'read', 'write'),
  },
  signal: {
    needed: 'an AbortSignal',
    hint: 'Give `signal` of an AbortController.',
    is: (value) => has(value, 'aborted', 'addEventListener'),
  },
  logger: {
    needed: 'a logger',
    hint: 'Give an object with the methods debug, info and warn; console is one.',
    is: (value) => has(value, 'debug', 'info', 'warn'),
  },
  onProgress: {
    needed: 'a function',
    hint: 'Give a function that takes progress events.',
    is: (value) => typeof value === 'function',
  },
};

/** Options that are plugins. */
const plugins: Readonly<Record<string, PluginKind>> = {
  runtime: 'runtime',
  synthesizer: 'synthesizer',
  quantizer: 'quantizer',
  fineTuner: 'fine-tuner',
};

/** Options of all functions: one object of them can serve several. */
const known = [...Object.keys(plugins), ...Object.keys(kinds), 'count', 'seed', 'threads'];

/**
 * Checks what a function of this package is given before anything is read from it.
 *
 * @param of the function, for the message
 * @param needed names of the options that must be there
 * @throws `option-invalid` with the option as `path` for an option that is unknown, missing or of another kind;
 *   `plugin-invalid` for something else in the place of a plugin
 */
export function checkOptions(of: string, options: unknown, needed: readonly string[]): void {
  checkNames(of, options, known);
  const given = options as Readonly<Record<string, unknown>>;
  for (const [path, { needed: what, hint, is }] of Object.entries(kinds)) {
    const value = given[path];
    if (value === undefined ? !needed.includes(path) : is(value)) continue;
    throw new DatafreeError('option-invalid', `${of}: ${path}: ${kindOf(value)} was given where ${what} is needed.`, {
      path,
      hint,
    });
  }
  for (const [path, kind] of Object.entries(plugins)) {
    if (needed.includes(path) || given[path] !== undefined) checkPlugin(kind, given[path]);
  }
}
