import { prune } from '@datafree/core';
import type { Graph, Node, Tensor } from '@datafree/plugin';
import { Topology } from '../topology.ts';

/** Nodes that take the place of one node, and the initializers that they bring. */
export interface Replacement {
  readonly nodes: readonly Node[];
  readonly initializers?: Readonly<Record<string, Tensor>>;
}

/** Replaces nodes one by one; what is no longer needed goes. `rule` gives undefined to leave a node as it is. */
export function rewriteNodes(graph: Graph, rule: (node: Node, topology: Topology) => Replacement | undefined): Graph {
  const topology = new Topology(graph);
  const initializers = new Map(graph.initializers);
  let changed = false;
  const nodes = graph.nodes.flatMap((node) => {
    const replacement = rule(node, topology);
    if (replacement === undefined) return [node];
    changed = true;
    for (const [name, tensor] of Object.entries(replacement.initializers ?? {})) initializers.set(name, tensor);
    return replacement.nodes;
  });
  return changed ? prune({ ...graph, nodes, initializers }) : graph;
}
