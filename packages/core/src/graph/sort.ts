import { DatafreeError, type Graph, type Node } from '@datafree/plugin';
import { namesRead } from './prune.ts';

/**
 * Puts the nodes in topological order, as stable as their old order allows.
 *
 * @throws `model-invalid` for a cycle or a value without producer
 */
export function sort(graph: Graph): Graph {
  const producers = new Map<string, number>();
  graph.nodes.forEach((node, index) => {
    for (const name of node.outputs) if (name !== '') producers.set(name, index);
  });
  const given = new Set([...graph.inputs.map((input) => input.name), ...graph.initializers.keys()]);
  const before = (node: Node): number[] =>
    namesRead(node)
      .filter((name) => !given.has(name))
      .map((name) => {
        const producer = producers.get(name);
        if (producer !== undefined) return producer;
        throw new DatafreeError('model-invalid', `${node.op} "${node.name}" reads "${name}", which nothing produces.`, {
          node: node.name,
          op: node.op,
          tensor: name,
        });
      });

  const unseen = 0;
  const open = 1;
  const done = 2;
  const state = new Uint8Array(graph.nodes.length);
  const ordered: Node[] = [];
  for (let root = 0; root < graph.nodes.length; root++) {
    const stack = [root];
    while (stack.length > 0) {
      const index = stack[stack.length - 1] as number;
      const node = graph.nodes[index] as Node;
      if (state[index] === unseen) {
        state[index] = open;
        for (const producer of before(node).reverse()) {
          if (state[producer] === open) {
            throw new DatafreeError('model-invalid', `The graph has a cycle through ${node.op} "${node.name}".`, {
              node: node.name,
              op: node.op,
            });
          }
          if (state[producer] === unseen) stack.push(producer);
        }
        continue;
      }
      stack.pop();
      if (state[index] === open) ordered.push(node);
      state[index] = done;
    }
  }
  return { ...graph, nodes: ordered };
}
