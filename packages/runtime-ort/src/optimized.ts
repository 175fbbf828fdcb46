import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeModel, encodeModel } from '@datafree/onnx';
import type { Graph } from '@datafree/plugin';
import type { OrtLibrary } from './library.ts';
import type { ParsedOrtOptions } from './options.ts';
import { createNative } from './session.ts';

/**
 * The graph as onnxruntime rewrote it. onnxruntime only writes it to a file: this is a fresh temporary folder that is
 * removed again. The result holds operators of the domains `com.microsoft` and `com.microsoft.nchwc`; it shows what
 * will be executed and is not a model to go on with.
 *
 * @throws `runtime-failed`, `provider-unavailable`
 */
export async function readOptimized(library: OrtLibrary, graph: Graph, options: ParsedOrtOptions): Promise<Graph> {
  const folder = await mkdtemp(join(tmpdir(), 'datafree-'));
  try {
    const optimizedModelFilePath = join(folder, 'optimized.onnx');
    const source = { name: `graph "${graph.name}"`, model: encodeModel(graph) };
    const native = await createNative(library, source, options, { optimizedModelFilePath });
    await native.release();
    return decodeModel(await readFile(optimizedModelFilePath), { lift: false });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
