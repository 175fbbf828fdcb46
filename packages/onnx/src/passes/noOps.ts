import { attribute, namesRead, numbersOf } from '@datafree/core';
import type { Graph, Node } from '@datafree/plugin';
import type { Inferred } from './infer.ts';
import { renameValues } from './rename.ts';

/** Removes nodes whose output is their input. Graph outputs keep their names. */
export function removeNoOps(graph: Graph, first: Inferred, second: Inferred): Graph {
  const alias = new Map<string, string>();
  const resolve = (name: string): string => {
    let at = name;
    for (let next = alias.get(at); next !== undefined; next = alias.get(at)) at = next;
    return at;
  };
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const produced = new Set<string>();
  const nodes = graph.nodes.filter((node) => {
    const [x, y] = [resolve(node.inputs[0] ?? ''), node.outputs[0] as string];
    const nothing = doesNothing(node, graph, first) && doesNothing(node, graph, second);
    if (nothing && !outputs.has(y)) {
      alias.set(y, x);
      return false;
    }
    if (nothing && produced.has(x) && !outputs.has(x)) {
      alias.set(x, y);
      return false;
    }
    for (const name of node.outputs) produced.add(name);
    return true;
  });
  return { ...graph, nodes: nodes.map((node) => renameValues(node, resolve)) };
}

function doesNothing(node: Node, graph: Graph, { types }: Inferred): boolean {
  if (node.domain !== '') return false;
  const [x, y] = [types.get(node.inputs[0] ?? ''), types.get(node.outputs[0] ?? '')];
  const sameShape = x !== undefined && y !== undefined && String(x.shape) === String(y.shape);
  const all = (index: number, value: number): boolean => {
    const tensor = graph.initializers.get(node.inputs[index] ?? '');
    return tensor !== undefined && Array.from(numbersOf(tensor)).every((entry) => entry === value);
  };
  switch (node.op) {
    case 'Identity':
      return true;
    case 'Dropout':
      return (
        node.outputs.length === 1 || !graph.nodes.some((other) => namesRead(other).includes(node.outputs[1] as string))
      );
    case 'Concat':
    case 'Sum':
    case 'Max':
    case 'Min':
    case 'Mean':
      return node.inputs.length === 1;
    case 'Cast':
      return x !== undefined && x.dtype === y?.dtype;
    case 'Reshape':
    case 'Flatten':
    case 'Expand':
      return sameShape;
    case 'Pad':
      return all(1, 0);
    case 'Slice':
      return sameShape && (!node.inputs[4] || all(4, 1));
    case 'Transpose':
      return node.attributes.perm !== undefined && attribute.intsOf(node, 'perm').every((axis, i) => axis === i);
    default:
      return false;
  }
}
