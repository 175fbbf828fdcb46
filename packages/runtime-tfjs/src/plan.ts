import { bind, inferTypes, type OperatorSet, prune, standardOperators, type TensorType } from '@datafree/core';
import { DatafreeError, type Graph, type Node } from '@datafree/plugin';
import { kernels } from './kernels/index.ts';

/** A graph at concrete sizes, with the type of every value and the last node that reads it. */
export interface Plan {
  readonly graph: Graph;
  readonly types: ReadonlyMap<string, TensorType>;
  /** Values that nobody reads after a node, by the node's place. */
  readonly finished: readonly (readonly string[])[];
}

/**
 * Binds a graph to the sizes of what it is fed: shapes, constants and everything that follows from them alone are
 * worked out beforehand, what is left has a kernel.
 *
 * @param wanted names of the outputs to compute
 * @throws `operator-unknown`, `unsupported`, `shape-mismatch`
 */
export function planOf(
  graph: Graph,
  sizes: Readonly<Record<string, number>>,
  wanted: readonly string[],
  operators: OperatorSet = standardOperators,
): Plan {
  const outputs = graph.outputs.filter((output) => wanted.includes(output.name));
  const bound = prune(bind({ ...graph, outputs }, sizes, { operators }));
  for (const node of bound.nodes) if (node.domain !== '' || !(node.op in kernels)) throw noKernel(node);
  return { graph: bound, types: inferTypes(bound, {}, operators), finished: lastReads(bound) };
}

function noKernel({ op, domain, name }: Node): DatafreeError {
  const full = domain === '' ? op : `${domain}:${op}`;
  return new DatafreeError('unsupported', `Operator ${full} (node "${name}") has no counterpart in TensorFlow.js.`, {
    node: name,
    op,
    hint: 'Run the graph with @datafree/runtime-ort.',
  });
}

function lastReads(graph: Graph): string[][] {
  const kept = new Set([...graph.outputs.map((output) => output.name), ...graph.initializers.keys()]);
  const last = new Map<string, number>();
  graph.nodes.forEach((node, place) => {
    for (const name of [...node.outputs, ...node.inputs]) if (name !== '' && !kept.has(name)) last.set(name, place);
  });
  const finished: string[][] = graph.nodes.map(() => []);
  for (const [name, place] of last) finished[place]?.push(name);
  return finished;
}
