import type { FusionReport, Graph, LayerFusion, Node } from '@datafree/plugin';
import type { Emitted } from '../emit/emit.ts';
import type { LayerWeights } from '../emit/layerWeights.ts';
import type { Plan } from '../plan/plan.ts';
import type { Topology } from '../topology.ts';
import { isBetween, isLayer } from './moves.ts';
import { OptimizedGraph } from './optimized.ts';
import { floatReason } from './reason.ts';

/** Which layers the runtime executes with integer kernels, read from the graph that it made of the quantised one. */
export function fusionReport(
  optimized: Graph,
  plan: Plan,
  topology: Topology,
  emitted: Emitted,
  weights: ReadonlyMap<Node, LayerWeights>,
  excluded: (node: Node) => boolean,
): FusionReport {
  const executed = new OptimizedGraph(optimized);
  const layers: LayerFusion[] = [];
  for (const [node, results] of emitted.results) {
    if (!node.inputs.some((name) => topology.isActivation(name))) continue;
    const found = executed.find(node.op, node.name, results);
    if (!isLayer(node, found, isBetween(node, plan))) continue;
    const layer = { node: node.name, op: node.op, runsAs: found?.runsAs ?? 'nothing' };
    if (found?.integer) layers.push({ ...layer, kernel: 'integer' });
    else {
      const reason = floatReason(node, plan, topology, weights.get(node), excluded(node));
      layers.push({ ...layer, kernel: 'float', reason });
    }
  }
  const integer = layers.filter((layer) => layer.kernel === 'integer').length;
  return { integer, float: layers.length - integer, layers };
}
