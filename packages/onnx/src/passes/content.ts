import { interpret, namesRead, type OperatorSet, prune } from '@datafree/core';
import type { Graph, Tensor } from '@datafree/plugin';

/** True when two tensors are the same to the bit. */
export function sameContent(a: Tensor | undefined, b: Tensor | undefined): boolean {
  if (a === undefined || b === undefined || a.dtype !== b.dtype || String(a.dims) !== String(b.dims)) return false;
  for (let i = 0; i < a.data.length; i++) if (!Object.is(a.data[i], b.data[i])) return false;
  return true;
}

/**
 * Looks up the content of values that no graph input reaches: initializers, and what is computed from them alone.
 *
 * @returns a function that throws `operator-unknown` or `operator-no-evaluate` for what cannot be computed
 */
export function constantsOf(graph: Graph, operators: OperatorSet): (name: string) => Tensor | undefined {
  const varying = new Set(graph.inputs.map((input) => input.name));
  for (const node of graph.nodes) {
    if (namesRead(node).some((name) => varying.has(name))) for (const name of node.outputs) varying.add(name);
  }
  return (name) => {
    const stored = graph.initializers.get(name);
    if (stored !== undefined || name === '' || varying.has(name)) return stored;
    return interpret({ ...prune(graph, [name]), inputs: [] }, {}, { wanted: [name], operators })[name];
  };
}
