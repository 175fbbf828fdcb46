import { requireOutputs, sizesOf } from '@datafree/core';
import {
  DatafreeError,
  isDatafreeError,
  type Session,
  type Tensor,
  type Tensors,
  type ValueInfo,
} from '@datafree/plugin';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { type OrtLibrary, providerNames, providerUnavailable } from './library.ts';
import { explain } from './message.ts';
import type { ParsedOrtOptions } from './options.ts';
import { fromOrt, toOrt } from './values.ts';

/** What a session is made from. */
export interface SessionSource {
  /** How a message calls it: `graph "resnet"`. */
  readonly name: string;
  /** The bytes of a model, or the path of its file. */
  readonly model: Uint8Array | string;
  /** What it is fed; not checked beforehand when absent. */
  readonly inputs?: readonly ValueInfo[];
}

/** Makes a model ready to run. @throws `runtime-failed`, `provider-unavailable` */
export async function openSession(
  library: OrtLibrary,
  source: SessionSource,
  options: ParsedOrtOptions,
  threads: number | undefined,
): Promise<Session> {
  return sessionOf(library, await createNative(library, source, options, { threads }), source);
}

/** A session over onnxruntime's own. */
export function sessionOf(
  library: OrtLibrary,
  native: InferenceSession,
  { name: source, inputs = [] }: Pick<SessionSource, 'name' | 'inputs'>,
): Session {
  let running: Promise<unknown> = Promise.resolve();
  let released: Promise<void> | undefined;

  const run = async (feeds: Tensors, outputs?: readonly string[]): Promise<Tensors> => {
    if (released !== undefined) throw failed(source, new Error('The session was disposed.'));
    sizesOf(inputs, feeds);
    const values: Record<string, OrtTensor> = {};
    for (const name of native.inputNames) {
      const tensor = feeds[name];
      if (tensor === undefined) throw failed(source, new Error(`The input "${name}" was not given.`), name);
      values[name] = toOrt(library, name, tensor);
    }
    requireOutputs(native.outputNames, outputs ?? []);
    if (outputs?.length === 0) return {};
    try {
      const work = outputs === undefined ? native.run(values) : native.run(values, outputs);
      running = work.catch(() => undefined);
      const results = Object.entries(await work);
      return Object.fromEntries(results.map(([name, value]): [string, Tensor] => [name, fromOrt(value as OrtTensor)]));
    } catch (error) {
      throw failed(source, error);
    }
  };

  const dispose = (): Promise<void> => {
    released ??= running.then(() => native.release());
    return released;
  };

  return { run, dispose };
}

/** What only some sessions need. */
interface NativeOptions {
  readonly threads?: number | undefined;
  /** Where the graph is written as onnxruntime will execute it. */
  readonly optimizedModelFilePath?: string;
}

/** Creates onnxruntime's own session. @throws `runtime-failed`, `provider-unavailable` */
export async function createNative(
  library: OrtLibrary,
  source: SessionSource,
  options: ParsedOrtOptions,
  { threads = options.threads, optimizedModelFilePath }: NativeOptions,
): Promise<InferenceSession> {
  const { name, model } = source;
  const { InferenceSession } = library;
  const settings = {
    executionProviders: options.executionProviders,
    graphOptimizationLevel: options.graphOptimization,
    logSeverityLevel: severities[options.logLevel],
    // One block planned ahead for all tensors is touched anew by every run; the arena's free blocks stay in the cache.
    enableMemPattern: false,
    extra: { 'session.intra_op.allow_spinning': options.spinning ? '1' : '0', ...options.extra },
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(optimizedModelFilePath === undefined ? {} : { optimizedModelFilePath }),
  };
  try {
    // The declared types have one signature for paths and another for bytes.
    return await (typeof model === 'string'
      ? InferenceSession.create(model, settings)
      : InferenceSession.create(model, settings));
  } catch (error) {
    const provider = lackingProvider(error, options);
    if (provider === undefined) throw failed(name, error);
    const available = library.listSupportedBackends().map((backend) => backend.name);
    throw providerUnavailable(provider, available, error);
  }
}

const severities = { verbose: 0, info: 1, warning: 2, error: 3, fatal: 4 } as const;

/** Which of the providers that were asked for lacks its library or its device, if that is what went wrong. */
function lackingProvider(error: unknown, options: ParsedOrtOptions): string | undefined {
  const message = error instanceof Error ? error.message : String(error);
  if (
    !/AppendExecutionProvider|Failed to load (shared )?library|Failed to get a WebGPU adapter|no available backend/.test(
      message,
    )
  ) {
    return undefined;
  }
  const asked = providerNames(options).filter((name) => name !== 'cpu');
  return asked.find((name) => message.toLowerCase().includes(name.toLowerCase())) ?? asked[0];
}

function failed(source: string, error: unknown, tensor?: string): DatafreeError {
  if (isDatafreeError(error)) return error;
  const { message, node, op } = explain(error);
  const where = op === undefined ? source : `${op}${node === undefined ? '' : ` "${node}"`} of ${source}`;
  return new DatafreeError('runtime-failed', `onnxruntime, ${where}: ${message}`, {
    node,
    op,
    tensor,
    hint: "Run it with ort({ logLevel: 'verbose' }) to see what onnxruntime did before.",
    cause: error,
  });
}
