import { apiVersion, DatafreeError, kindOf } from '@datafree/plugin';

/** The method that makes an object a plugin of its kind. */
const methods = {
  runtime: 'compile',
  synthesizer: 'synthesize',
  quantizer: 'quantize',
  'fine-tuner': 'fineTune',
  metric: 'measure',
} as const;

/** Kinds of plugins. */
export type PluginKind = keyof typeof methods;

/**
 * Checks that an object is a plugin of a kind and of the API version of this package.
 *
 * @throws `plugin-invalid`
 */
export function checkPlugin(kind: PluginKind, value: unknown): void {
  const plugin = (value ?? {}) as Record<string, unknown>;
  const name = typeof plugin.name === 'string' && plugin.name !== '' ? plugin.name : undefined;
  const refuse = (problem: string, hint?: string): DatafreeError =>
    new DatafreeError('plugin-invalid', `${name ?? `The ${kind}`} ${problem}.`, {
      plugin: name,
      path: kind === 'fine-tuner' ? 'fineTuner' : kind,
      hint,
    });
  if (typeof value === 'function') {
    throw refuse(`is a function where a ${kind} is needed`, `Call it: what it returns is the ${kind}.`);
  }
  if (typeof value !== 'object' || value === null) {
    throw refuse(
      `is ${value === undefined ? 'missing' : kindOf(value)}`,
      `Give a ${kind}: the result of its function.`,
    );
  }
  if (plugin.kind !== kind) throw refuse(`is of kind ${JSON.stringify(plugin.kind)}, a ${kind} is needed`);
  if (plugin.apiVersion !== apiVersion) {
    throw refuse(
      `is written for version ${JSON.stringify(plugin.apiVersion)} of the plugin interface, this is version ${apiVersion}`,
      'Install a version of the plugin that fits this version of datafree.',
    );
  }
  if (name === undefined) throw refuse('has no name');
  if (typeof plugin.supports !== 'object' || plugin.supports === null) throw refuse('does not say what it supports');
  if (typeof plugin[methods[kind]] !== 'function') throw refuse(`has no method ${methods[kind]}()`);
}
