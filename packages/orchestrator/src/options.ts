import { checkKind, checkNames, type Needed, wrongArgument } from '@datafree/plugin';
import { checkPlugin, type PluginKind } from './plugins.ts';

/** What an option has to be that only the pipeline knows. */
interface Kind extends Needed {
  readonly is: (value: unknown) => boolean;
}

const kinds: Readonly<Record<string, Kind>> = {
  metrics: { needed: 'an array of metrics', hint: 'Put the metric in an array.', is: Array.isArray },
  store: {
    needed: 'a run store',
    hint: 'Give what runFolder() gives.',
    is: (value) =>
      typeof value === 'object' &&
      value !== null &&
      ['checkpoint', 'readSamples', 'keepSamples'].every((name) => name in value),
  },
};

/** Options that plugins are given too. */
const shared = ['model', 'samples', 'quantized', 'checkpoint', 'signal', 'logger', 'onProgress'] as const;

/** Options that are plugins. */
const plugins: Readonly<Record<string, PluginKind>> = {
  runtime: 'runtime',
  synthesizer: 'synthesizer',
  quantizer: 'quantizer',
  fineTuner: 'fine-tuner',
};

/** Options of all functions: one object of them can serve several. */
const known = [
  ...Object.keys(plugins),
  ...shared,
  ...Object.keys(kinds),
  'count',
  'ready',
  'calibrate',
  'seed',
  'threads',
];

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
  for (const path of shared) {
    if (needed.includes(path) || given[path] !== undefined) checkKind(of, path, path, given[path]);
  }
  for (const [path, kind] of Object.entries(kinds)) {
    const value = given[path];
    if (value === undefined ? !needed.includes(path) : kind.is(value)) continue;
    throw wrongArgument(of, path, value, kind);
  }
  for (const [path, kind] of Object.entries(plugins)) {
    if (needed.includes(path) || given[path] !== undefined) checkPlugin(kind, given[path]);
  }
}
