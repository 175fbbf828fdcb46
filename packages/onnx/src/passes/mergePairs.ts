import { int64Of, numbersOf } from '@datafree/core';
import type { Graph, Node, Tensor } from '@datafree/plugin';
import { NameSupply } from '../names.ts';
import type { Inferred } from './infer.ts';
import { countReaders } from './readers.ts';

/**
 * Merges nodes that are one operation in two: a Slice of a Slice along other axes (PyTorch writes one for each axis),
 * a MatMul of a matrix followed by the Add of a bias, which is a Gemm, and a Conv followed by the Add of one value a
 * channel, which is its bias.
 */
export function mergePairs(graph: Graph, { types }: Inferred): Graph {
  const initializers = new Map(graph.initializers);
  const names = new NameSupply([
    ...types.keys(),
    ...initializers.keys(),
    ...graph.nodes.flatMap((node) => node.outputs),
  ]);
  const readers = countReaders(graph);
  const nodes: (Node | undefined)[] = [...graph.nodes];
  const producers = new Map(graph.nodes.flatMap((node, i) => node.outputs.map((name) => [name, i] as const)));
  const shapeOf = (name: string): readonly number[] | undefined => types.get(name)?.shape;
  graph.nodes.forEach((node, index) => {
    if (node.domain !== '') return;
    for (const name of node.inputs) {
      const at = readers.get(name) === 1 ? producers.get(name) : undefined;
      const first = at === undefined ? undefined : nodes[at];
      if (at === undefined || first === undefined || first.domain !== '') continue;
      const constant = (stem: string, tensor: Tensor): string => {
        const fresh = names.unused(`${node.outputs[0]}_${stem}`);
        initializers.set(fresh, tensor);
        return fresh;
      };
      const pair = { first, second: node, shared: name, initializers, constant };
      const merged = mergeSlices(pair) ?? mergeGemm(pair, shapeOf) ?? mergeBias(pair, shapeOf);
      if (merged === undefined) continue;
      nodes[at] = undefined;
      nodes[index] = merged;
      return;
    }
  });
  return { ...graph, nodes: nodes.filter((node) => node !== undefined), initializers };
}

/** Two nodes, the first read by the second alone. */
interface Pair {
  readonly first: Node;
  readonly second: Node;
  /** The value between them. */
  readonly shared: string;
  readonly initializers: ReadonlyMap<string, Tensor>;
  /** Stores a constant and returns its name. */
  constant(stem: string, tensor: Tensor): string;
}

type ShapeOf = (name: string) => readonly number[] | undefined;

function mergeSlices({ first, second, initializers, constant }: Pair): Node | undefined {
  if (first.op !== 'Slice' || second.op !== 'Slice' || second.inputs[0] !== first.outputs[0]) return undefined;
  const [a, b] = [sliceOf(first, initializers), sliceOf(second, initializers)];
  if (a === undefined || b === undefined) return undefined;
  // Axes counted from different ends could be the same one.
  const axes = [...a.axes, ...b.axes];
  if (axes.some((axis) => axis < 0) || new Set(axes).size !== axes.length) return undefined;
  return {
    ...second,
    inputs: [
      first.inputs[0] as string,
      constant('starts', int64Of([...a.starts, ...b.starts])),
      constant('ends', int64Of([...a.ends, ...b.ends])),
      constant('axes', int64Of(axes)),
      constant('steps', int64Of([...a.steps, ...b.steps])),
    ],
  };
}

interface Slicing {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly axes: readonly number[];
  readonly steps: readonly number[];
}

function sliceOf(node: Node, initializers: ReadonlyMap<string, Tensor>): Slicing | undefined {
  const read = (index: number): number[] | undefined => {
    const tensor = initializers.get(node.inputs[index] ?? '');
    // INT64_MAX means "to the end"; as a double it would round up, out of the range of int64.
    return tensor && Array.from(numbersOf(tensor), (value) => Math.min(value, Number.MAX_SAFE_INTEGER));
  };
  const [starts, ends] = [read(1), read(2)];
  const axes = node.inputs[3] ? read(3) : starts?.map((_, axis) => axis);
  const steps = node.inputs[4] ? read(4) : starts?.map(() => 1);
  return starts && ends && axes && steps && { starts, ends, axes, steps };
}

function mergeGemm({ first, second, shared, initializers }: Pair, shapeOf: ShapeOf): Node | undefined {
  if (first.op !== 'MatMul' || second.op !== 'Add') return undefined;
  const [x = '', weights = ''] = first.inputs;
  const bias = otherInput(second, shared);
  const columns = initializers.get(weights)?.dims[1];
  const dims = initializers.get(bias)?.dims;
  const fits = dims !== undefined && dims.length <= 2 && dims.at(-1) === columns && (dims.length < 2 || dims[0] === 1);
  if (shapeOf(x)?.length !== 2 || columns === undefined || !fits) return undefined;
  return { ...second, op: 'Gemm', name: first.name, inputs: [x, weights, bias], attributes: {} };
}

function mergeBias({ first, second, shared, initializers, constant }: Pair, shapeOf: ShapeOf): Node | undefined {
  if ((first.op !== 'Conv' && first.op !== 'ConvTranspose') || second.op !== 'Add' || first.inputs[2]) return undefined;
  const [channels, rank] = [shapeOf(shared)?.[1], shapeOf(shared)?.length];
  const bias = initializers.get(otherInput(second, shared));
  if (bias === undefined || channels === undefined || rank === undefined) return undefined;
  const onChannels = bias.dims.every((size, i) => size === (i === bias.dims.length - rank + 1 ? channels : 1));
  if (!onChannels || bias.data.length !== channels || bias.dims.length > rank) return undefined;
  const [x = '', weights = ''] = first.inputs;
  return { ...first, inputs: [x, weights, constant('bias', { ...bias, dims: [channels] })], outputs: second.outputs };
}

function otherInput(node: Node, name: string): string {
  return node.inputs.find((input) => input !== name) ?? '';
}
