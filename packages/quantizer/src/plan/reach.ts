import type { Node } from '@datafree/plugin';
import type { Topology } from '../topology.ts';

/** Which nodes lie after, and which before, a weighted layer. */
export interface Reach {
  /** Nodes with a weighted layer among those that they depend on. */
  readonly after: ReadonlySet<Node>;
  /** Nodes with a weighted layer among those that depend on them. */
  readonly before: ReadonlySet<Node>;
}

export function reachOf(topology: Topology, isWeighted: (node: Node) => boolean): Reach {
  const { nodes } = topology.graph;
  const after = new Set<Node>();
  for (const node of nodes) {
    const sources = node.inputs.map((name) => topology.producer(name)).filter((source) => source !== undefined);
    if (sources.some((source) => isWeighted(source) || after.has(source))) after.add(node);
  }
  const before = new Set<Node>();
  for (const node of [...nodes].reverse()) {
    const readers = node.outputs.flatMap((name) => topology.consumers(name));
    if (readers.some((reader) => isWeighted(reader) || before.has(reader))) before.add(node);
  }
  return { after, before };
}
