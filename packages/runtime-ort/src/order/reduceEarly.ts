import { attribute, elementCount, inferTypes, type OperatorSet, tensorOf } from '@datafree/core';
import type { Graph, Node } from '@datafree/plugin';

/** Elements from which on it matters when a tensor can go: 128 KiB. */
const large = 2 ** 15;
/** A node that gives at most this part of what it takes in lets go of memory. */
const small = 1 / 4;

/**
 * Lets a step's graph let go of large tensors in the order that it is written in.
 *
 * onnxruntime orders nodes anew: it goes back from the ends of the graph, and at each node first to the input that was
 * written last. A gradient to the first layer is computed on the way to everything else that way, and the adjoints of
 * all layers wait for the gradients to the weights. Its starting points are the nodes that nobody reads, the last one
 * first. So every node that makes little of much, as a gradient to a weight or a mean does, gets a reader of its own that
 * nobody reads, and those stand at the end in reverse.
 *
 * @param graph with concrete shapes
 * @param operators that its nodes are of
 */
export function reduceEarly(graph: Graph, operators?: OperatorSet): Graph {
  const types = inferTypes(graph, {}, operators);
  const count = (name: string): number => elementCount((types.get(name)?.shape ?? []) as readonly number[]);
  const makesLittle = ({ inputs, outputs: [output] }: Node): boolean => {
    if (output === undefined || types.get(output)?.dtype !== 'float32') return false;
    const most = Math.max(0, ...inputs.map((name) => (name === '' ? 0 : count(name))));
    return most >= large && count(output) <= small * most;
  };
  const kept = graph.nodes.filter(makesLittle).map((node) => node.outputs[0] as string);
  const readers = kept.map((name) => reader(name, (types.get(name)?.shape.length ?? 0) > 0));
  return {
    ...graph,
    initializers: new Map([...graph.initializers, ...bounds]),
    nodes: [...graph.nodes, ...readers.reverse()],
  };
}

const [first, second] = ['early/first', 'early/second'];
const bounds = [
  [first, tensorOf('int64', [1], [0])],
  [second, tensorOf('int64', [1], [1])],
] as const;

/** A node that reads a value and costs next to nothing. */
function reader(name: string, hasAxes: boolean): Node {
  const common = { domain: '', name: `early/${name}`, outputs: [`early/${name}`] };
  if (!hasAxes) return { ...common, op: 'Neg', inputs: [name], attributes: attribute.attributes({}) };
  return { ...common, op: 'Slice', inputs: [name, first, second], attributes: attribute.attributes({}) };
}
