import type { Graph, Node } from '@datafree/plugin';

/** The operator domains that a graph and its sub-graphs use, each once. */
export function domainsOf(graph: Graph): string[] {
  const domains = new Set<string>();
  const visit = (nodes: readonly Node[]): void => {
    for (const node of nodes) {
      domains.add(node.domain);
      for (const attribute of Object.values(node.attributes))
        if (attribute.type === 'graph') visit(attribute.value.nodes);
    }
  };
  visit(graph.nodes);
  return [...domains];
}
