import { namesRead } from '@datafree/core';
import type { Graph } from '@datafree/plugin';

/** How often each value is read: by nodes, and as a graph output. */
export function countReaders(graph: Graph): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of [...graph.nodes.flatMap(namesRead), ...graph.outputs.map((output) => output.name)]) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
