import { requireCompilable } from '@datafree/core';
import { encodeModel } from '@datafree/onnx';
import { defineRuntime, type Runtime } from '@datafree/plugin';
import { blockSizeOf } from './blocked/blockSize.ts';
import { forSteps } from './blocked/forSteps.ts';
import { loadLibrary, type OrtLibrary, providerNames } from './library.ts';
import { givesMuch, keepFreedMemory } from './memory/keepFreed.ts';
import { readOptimized } from './optimized.ts';
import { type OrtOptions, parseOrtOptions } from './options.ts';
import { scanned } from './repeat/scan.ts';
import { repeatedSession } from './repeat/session.ts';
import { openSession } from './session.ts';
import { unsupportedTypes } from './values.ts';

/**
 * Runs graphs on onnxruntime-node. `run` is a synchronous native call that holds the event loop: long work belongs in
 * a worker thread, each with its own runtime and sessions.
 *
 * @throws `option-invalid`. `compile` throws `model-invalid`, `runtime-missing`, `provider-unavailable` and `runtime-failed`.
 */
export function ort(options: OrtOptions = {}): Runtime {
  const parsed = parseOrtOptions(options);
  const onlyCpu = providerNames(parsed).every((name) => name === 'cpu');
  let library: Promise<OrtLibrary> | undefined;
  let block: Promise<number> | undefined;
  let kept: Promise<void> | undefined;
  const load = (): Promise<OrtLibrary> => {
    library ??= loadLibrary(parsed);
    return library;
  };
  const blockSize = async (library: OrtLibrary): Promise<number> => {
    if (!onlyCpu || parsed.graphOptimization !== 'all') return 0;
    // onnxruntime tells it through a file; where none can be written, steps run in the plain layout.
    block ??= blockSizeOf(library, parsed).catch(() => 0);
    return block;
  };
  return defineRuntime({
    kind: 'runtime',
    name: 'ort',
    apiVersion: 1,
    supports: { gradients: true, integerKernels: true, opset: 26, unsupportedTypes },
    compile: async (graph, compileOptions = {}) => {
      requireCompilable(graph, compileOptions);
      const { threads, step = false, carried } = compileOptions ?? {};
      const library = await load();
      if (step && givesMuch(graph)) {
        // Only time is lost where it cannot be done.
        kept ??= keepFreedMemory(library).catch(() => undefined);
        await kept;
      }
      const prepared = step ? await forSteps(graph, () => blockSize(library)) : graph;
      const repeated = carried !== undefined && onlyCpu;
      const whole = repeated ? scanned(prepared, carried) : prepared;
      const source = { name: `graph "${graph.name}"`, model: encodeModel(whole), inputs: whole.inputs };
      const session = await openSession(library, source, parsed, threads);
      return repeated ? repeatedSession(session, graph, carried) : session;
    },
    optimized: async (graph) => readOptimized(await load(), graph, parsed),
  });
}
