import type { Graph, Node } from '@datafree/plugin';

/**
 * Removes the nodes and initializers that the outputs do not need. Inputs stay.
 *
 * @param wanted names of the values to keep; the graph's outputs when absent
 */
export function prune(graph: Graph, wanted: readonly string[] = graph.outputs.map((output) => output.name)): Graph {
  const needed = new Set(wanted);
  const nodes: Node[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i] as Node;
    if (!node.outputs.some((name) => name !== '' && needed.has(name))) continue;
    nodes.push(node);
    for (const name of namesRead(node)) needed.add(name);
  }
  nodes.reverse();
  const initializers = new Map([...graph.initializers].filter(([name]) => needed.has(name)));
  return { ...graph, nodes, initializers };
}

/** Names of the values that a node reads, those that its sub-graphs take from outside among them. */
export function namesRead(node: Node): string[] {
  const names = node.inputs.filter((name) => name !== '');
  for (const attribute of Object.values(node.attributes)) {
    if (attribute.type !== 'graph') continue;
    const { nodes, inputs, initializers, outputs } = attribute.value;
    const inside = new Set([
      ...inputs.map((input) => input.name),
      ...initializers.keys(),
      ...nodes.flatMap((inner) => inner.outputs),
    ]);
    const read = [...nodes.flatMap(namesRead), ...outputs.map((output) => output.name)];
    names.push(...read.filter((name) => !inside.has(name)));
  }
  return names;
}
