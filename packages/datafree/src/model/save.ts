import { writeFileAtomic } from '@datafree/data';
import { encodeModel } from '@datafree/onnx';
import type { Graph } from '@datafree/plugin';

/**
 * Writes a graph as an ONNX file: whole, or not at all.
 *
 * @returns its size in bytes
 * @throws `output-unwritable`, `model-too-large`
 */
export async function saveModel(path: string, graph: Graph): Promise<number> {
  const bytes = encodeModel(graph);
  await writeFileAtomic(path, bytes);
  return bytes.length;
}
