import type { FusionReport, Graph, LayerFusion, Runtime } from '@datafree/plugin';
import { isBetween, isLayer } from './moves.ts';
import { OptimizedGraph } from './optimized.ts';
import { QuantisedGraph } from './quantised.ts';
import { floatReason } from './reason.ts';

/**
 * Which layers of a quantised network a runtime executes with integer kernels, read from the graph that it makes of it.
 *
 * @param graph with QuantizeLinear and DequantizeLinear pairs
 * @param excluded names of layers that were left in floating point because it was asked for
 * @returns undefined where the runtime does not tell
 * @throws what the runtime throws
 */
export async function fusionReport(
  graph: Graph,
  runtime: Runtime,
  excluded: ReadonlySet<string> = new Set(),
): Promise<FusionReport | undefined> {
  const optimized = await runtime.optimized?.(graph);
  if (optimized === undefined) return undefined;
  const executed = new OptimizedGraph(optimized);
  const quantised = new QuantisedGraph(graph);
  const layers: LayerFusion[] = [];
  for (const node of quantised.layers) {
    const found = executed.find(node.op, node.name, quantised.resultsOf(node));
    if (!isLayer(node, found, isBetween(node, quantised.reach))) continue;
    const layer = { node: node.name, op: node.op, runsAs: found?.runsAs ?? 'nothing' };
    if (found?.integer) layers.push({ ...layer, kernel: 'integer' });
    else layers.push({ ...layer, kernel: 'float', reason: floatReason(node, quantised, excluded.has(node.name)) });
  }
  const integer = layers.filter((layer) => layer.kernel === 'integer').length;
  return { integer, float: layers.length - integer, layers };
}
