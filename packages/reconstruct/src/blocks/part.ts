import { prune } from '@datafree/core';
import type { Graph } from '@datafree/plugin';

/**
 * The part of a graph from one value to another, as a graph whose input and output they are.
 *
 * @param shapes of both, with the batch axis
 * @returns undefined when something else enters the part
 */
export function partBetween(
  graph: Graph,
  entry: string,
  exit: string,
  shapes: { readonly entry: readonly number[]; readonly exit: readonly number[] },
): Graph | undefined {
  const after = { ...graph, nodes: graph.nodes.filter((node) => !node.outputs.includes(entry)) };
  const { nodes, initializers } = prune(after, [exit]);
  const known = new Set([entry, ...initializers.keys(), ...nodes.flatMap((node) => node.outputs)]);
  if (!nodes.every((node) => node.inputs.every((name) => name === '' || known.has(name)))) return undefined;
  return {
    ...graph,
    inputs: [{ name: entry, dtype: 'float32', shape: shapes.entry }],
    outputs: [{ name: exit, dtype: 'float32', shape: shapes.exit }],
    nodes,
    initializers,
  };
}
