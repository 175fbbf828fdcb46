import { DatafreeError } from './errors.ts';
import type { Graph } from './graph.ts';
import { kindOf } from './schema.ts';

/** How an error tells what an argument has to be, and where that comes from. */
export interface Needed {
  readonly needed: string;
  readonly hint: string;
}

/** What an argument has to be. */
interface Kind extends Needed {
  readonly is: (value: unknown) => boolean;
}

/** The error, `option-invalid`, for something else than what is needed. @param of the function, @param path the argument */
export function wrongArgument(of: string, path: string, value: unknown, { needed, hint }: Needed): DatafreeError {
  const message = `${of}: ${path}: ${kindOf(value)} was given where ${needed} is needed.`;
  return new DatafreeError('option-invalid', message, { path, hint });
}

/** True for an object with a method or a property of each of these names. */
function has(value: unknown, ...names: readonly string[]): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && names.every((name) => name in value);
}

/** True for what has the parts of a {@link Graph}; that they fit together is not looked at. */
export function isGraph(value: unknown): value is Graph {
  if (!has(value, 'inputs', 'outputs', 'nodes', 'initializers', 'metadata', 'opset')) return false;
  const lists = [value.inputs, value.outputs, value.nodes];
  return lists.every(Array.isArray) && value.initializers instanceof Map && value.metadata instanceof Map;
}

const kinds = {
  model: {
    needed: 'a model',
    hint: 'Give what loadModel() gives, or `model` of what openModel() gives.',
    is: (value) => has(value, 'graph', 'input', 'output', 'batchNorms'),
  },
  graph: {
    needed: 'a graph',
    hint: 'Give the `graph` of a model or of a quantised network.',
    is: isGraph,
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
  context: {
    needed: 'a context',
    hint: 'Give { runtime, seed, logger, onProgress }, or have a function of the pipeline call the plugin: quantize().',
    is: (value) => has(value),
  },
  runtime: {
    needed: 'a runtime',
    hint: 'Give what ort() gives.',
    is: (value) => has(value, 'compile', 'supports'),
  },
  seed: {
    needed: 'a whole number from 0 to 4294967295',
    hint: 'The same seed gives the same bytes.',
    is: (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32,
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
} satisfies Readonly<Record<string, Kind>>;

/** What {@link checkGiven} knows. */
export type GivenKind = keyof typeof kinds;

/**
 * Checks what a function or a plugin was given by name, before anything is read from it; of a context its fields too.
 *
 * @param of the function, for the message
 * @throws `option-invalid` with the name as `path` for what is missing or something else
 */
export function checkGiven(of: string, given: Readonly<Partial<Record<GivenKind, unknown>>>): void {
  for (const name of Object.keys(given) as GivenKind[]) {
    checkKind(of, name, name, given[name]);
    if (name === 'context') checkContext(of, given.context as Readonly<Record<string, unknown>>);
  }
}

/**
 * Checks one argument as {@link checkGiven} does, under a name of its own.
 *
 * @param path what the argument is called
 * @throws `option-invalid`
 */
export function checkKind(of: string, path: string, kind: GivenKind, value: unknown): void {
  if (!kinds[kind].is(value)) throw wrongArgument(of, path, value, kinds[kind]);
}

function checkContext(of: string, context: Readonly<Record<string, unknown>>): void {
  for (const field of ['runtime', 'seed', 'logger', 'onProgress'] as const) {
    checkKind(of, `context.${field}`, field, context[field]);
  }
  for (const field of ['signal', 'checkpoint'] as const) {
    if (context[field] !== undefined) checkKind(of, `context.${field}`, field, context[field]);
  }
}
