import type { Attribute, Graph, Node } from '@datafree/plugin';

/** A node whose values have other names, those that its sub-graphs read from outside among them. */
export function renameValues(node: Node, rename: (name: string) => string): Node {
  const attributes = Object.entries(node.attributes).map(([key, attribute]): [string, Attribute] => [
    key,
    attribute.type === 'graph' ? { ...attribute, value: renameCaptured(attribute.value, rename) } : attribute,
  ]);
  return {
    ...node,
    inputs: node.inputs.map((name) => (name === '' ? '' : rename(name))),
    outputs: node.outputs.map((name) => (name === '' ? '' : rename(name))),
    attributes: Object.fromEntries(attributes),
  };
}

function renameCaptured(graph: Graph, rename: (name: string) => string): Graph {
  const inside = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap((node) => node.outputs),
  ]);
  const outer = (name: string): string => (inside.has(name) ? name : rename(name));
  return {
    ...graph,
    nodes: graph.nodes.map((node) => renameValues(node, outer)),
    outputs: graph.outputs.map((output) => ({ ...output, name: outer(output.name) })),
  };
}
