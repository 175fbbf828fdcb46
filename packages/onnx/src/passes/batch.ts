import {
  elementCount,
  int64Of,
  numbersOf,
  type OperatorSet,
  standardOperators,
  type TensorType,
  tensorOf,
} from '@datafree/core';
import type { Dim, Graph, Node, Tensor } from '@datafree/plugin';
import { NameSupply } from '../names.ts';
import { resolveBranches } from './branches.ts';
import { sameContent } from './content.ts';
import { type Inferred, infer, type Replace, type Replacement } from './infer.ts';
import { resizeBy, resizeScales } from './simplify.ts';

/** A graph after {@link makeBatchDynamic}. */
export interface BatchResult {
  readonly graph: Graph;
  /** Why the batch axis stays at the size it had; absent when it is free. */
  readonly reason?: string;
}

/** How many times the size that a file was written for the graph is tried with. */
const trial = 3;

/**
 * Makes axis 0 of a graph's one input free and calls it "N". Targets of Reshape, Expand and Resize that hold the
 * batch size of the file are replaced; then the graph is followed at the size it had and at three times that size,
 * where every dimension must stay or grow with it. When one does neither, the batch keeps the size it had.
 *
 * Other free dimensions of the input must have been given a size.
 *
 * @throws `input-unsupported` for another free dimension
 */
export function makeBatchDynamic(graph: Graph, operators: OperatorSet = standardOperators): BatchResult {
  const [input] = graph.inputs;
  if (input === undefined || graph.inputs.length !== 1)
    throw new RangeError('makeBatchDynamic needs a graph of one input.');
  const [declared] = input.shape;
  const size = typeof declared === 'number' ? declared : 1;
  const withBatch = (batch: Dim, from = graph): Graph => ({
    ...from,
    inputs: [{ ...input, shape: [batch, ...input.shape.slice(1)] }],
  });
  const free = withBatch('N');
  const before = infer(free, { N: size }, operators);
  const replacements = new Map<string, Replacement>();
  const after = infer(free, { N: trial * size }, operators, rewriter(graph, before, replacements));
  const opened = resolveBranches(graph, (name) => {
    const content = before.constants.get(name);
    return sameContent(content, after.constants.get(name)) ? content : undefined;
  });
  if (opened !== graph) return makeBatchDynamic(opened, operators);
  const reason = before.failures.size > 0 ? undefined : obstacle(free, before, after);
  const [unknown] = before.failures.values();
  if (reason === undefined && unknown !== undefined && typeof declared === 'number') {
    return { graph: withBatch(size), reason: unknown.message };
  }
  if (reason !== undefined) return { graph: withOutputShapes(withBatch(size), before, before, size), reason };
  const replaced: Graph = {
    ...free,
    nodes: graph.nodes.map((node) => replacements.get(node.name)?.node ?? node),
    initializers: new Map([
      ...graph.initializers,
      ...[...replacements.values()].flatMap(({ constants }) => [...constants]),
    ]),
  };
  return { graph: withOutputShapes(replaced, before, after, size, declared) };
}

/** Replaces constant targets that hold the batch size, once the input of the node is seen to have grown. */
function rewriter(graph: Graph, before: Inferred, replacements: Map<string, Replacement>): Replace {
  const names = new NameSupply([...before.types.keys(), ...graph.nodes.flatMap((node) => node.outputs)]);
  return (node, [data]) => {
    const from = before.types.get(node.inputs[0] ?? '')?.shape;
    const to = before.types.get(node.outputs[0] ?? '')?.shape;
    if (node.domain !== '' || data === undefined || from === undefined || to === undefined) return undefined;
    if (String(from) === String(data.shape)) return undefined;
    const put = (
      index: number,
      stem: string,
      tensor: Tensor,
      rebuilt = (name: string) => withInput(node, index, name),
    ) => {
      const name = names.unused(`${node.outputs[0]}_${stem}`);
      const replacement = { node: rebuilt(name), constants: new Map([[name, tensor]]) };
      replacements.set(node.name, replacement);
      return replacement;
    };
    const target = before.constants.get(node.inputs[node.op === 'Resize' ? 3 : 1] ?? '');
    if (target === undefined) return undefined;
    const entries = Array.from(numbersOf(target));
    if (node.op === 'Reshape') {
      const shape = batchedReshape(entries, from, to, data);
      return shape && put(1, 'shape', int64Of(shape), (name) => ({ ...withInput(node, 1, name), attributes: {} }));
    }
    if (node.op === 'Expand' && entries.length === from.length && entries[0] === from[0] && entries[0] !== 1) {
      return put(1, 'shape', int64Of([1, ...entries.slice(1)]));
    }
    if (node.op === 'Resize' && node.attributes.axes === undefined) {
      const scales = resizeScales(from, to);
      return scales && put(2, 'scales', tensorOf('float32', [scales.length], scales), (name) => resizeBy(node, name));
    }
    return undefined;
  };
}

/** The target of a Reshape whose first axis follows the batch; undefined when it does already. */
function batchedReshape(
  target: readonly number[],
  from: readonly number[],
  to: readonly number[],
  data: TensorType,
): readonly number[] | undefined {
  const [first = 0] = target;
  if (first <= 0 || elementCount(data.shape) === elementCount(from)) return undefined;
  return first === from[0] ? [0, ...target.slice(1)] : [-1, ...to.slice(1)];
}

function withInput(node: Node, index: number, name: string): Node {
  return { ...node, inputs: node.inputs.map((old, i) => (i === index ? name : old)) };
}

/** What keeps the batch from being free, in words. */
function obstacle(graph: Graph, before: Inferred, after: Inferred): string | undefined {
  const [failure] = after.failures.values();
  if (failure !== undefined) return failure.message;
  for (const node of graph.nodes) {
    for (const name of node.outputs) {
      const [a, b] = [before.types.get(name)?.shape, after.types.get(name)?.shape];
      if (a === undefined || b === undefined) continue;
      const follows = a.length === b.length && a.every((size, axis) => b[axis] === size || b[axis] === trial * size);
      if (!follows) return `${node.op} "${node.name}" gives [${a}], and with ${trial} times the batch [${b}].`;
    }
  }
  const input = graph.inputs[0]?.name as string;
  const output = graph.outputs[0]?.name ?? '';
  const [a, b] = [before.types.get(output)?.shape[0], after.types.get(output)?.shape[0]];
  const batch = before.types.get(input)?.shape[0];
  return b === undefined || (a === batch && b !== a)
    ? undefined
    : `Axis 0 of the output "${output}" does not count samples: it has size ${b}.`;
}

/** Writes the shapes that were found into the outputs. */
function withOutputShapes(graph: Graph, before: Inferred, after: Inferred, size: number, declared?: Dim): Graph {
  const outputs = graph.outputs.map((output) => {
    const [a, b] = [before.types.get(output.name), after.types.get(output.name)];
    if (a === undefined || b === undefined) {
      return { ...output, shape: output.shape.map((dim) => (dim === declared ? 'N' : dim)) };
    }
    const shape = a.shape.map((dim, axis): Dim => {
      if (dim === b.shape[axis]) return dim;
      return dim === size ? 'N' : `${dim / size}N`;
    });
    return { ...output, dtype: a.dtype, shape };
  });
  return { ...graph, outputs };
}
