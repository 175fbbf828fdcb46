import {
  elementCount,
  int64Of,
  type OperatorSet,
  prune,
  standardOperators,
  tensorOf,
  withOperators,
} from '@datafree/core';
import type { Graph, Node, Tensor } from '@datafree/plugin';
import { NameSupply } from '../names.ts';
import { resolveBranches } from './branches.ts';
import { sameContent } from './content.ts';
import { type Inferred, infer } from './infer.ts';
import { mergePairs } from './mergePairs.ts';
import { removeNoOps } from './noOps.ts';
import { trialSizes } from './trialSizes.ts';

/** A constant that is larger than this and than what it is computed from stays computed. */
const foldedElements = 65536;

/**
 * Takes shape arithmetic and other detours out of a graph. Values that are the same whatever the size of the free
 * dimensions become initializers, branches on them are resolved, Reshape, Expand and Resize get constant targets
 * where they can have one, and nodes that do nothing go. Quantised weights stay quantised.
 *
 * Operators without a shape rule stay as they are, and so does what depends on them.
 */
export function simplify(graph: Graph, operators: OperatorSet = standardOperators): Graph {
  const opaque = withOperators(
    operators,
    ['QuantizeLinear', 'DequantizeLinear'].flatMap((type) => withoutEvaluation(operators, type)),
  );
  let current = prune(resolveBranches(graph));
  for (;;) {
    const [first, second] = trialSizes(current).map((sizes) => infer(current, sizes, opaque)) as [Inferred, Inferred];
    const targeted = withConstantTargets(fold(current, first, second), first, second);
    const direct = removeNoOps(targeted, first, second);
    const next = prune(resolveBranches(mergePairs(direct, first)));
    // A branch that opens, or a target that becomes constant, can let more be folded.
    if (next.nodes.length === current.nodes.length && next.nodes.every((node, i) => node.op === current.nodes[i]?.op))
      return next;
    current = next;
  }
}

function withoutEvaluation(operators: OperatorSet, type: string) {
  const operator = operators.get(`:${type}`);
  if (operator === undefined) return [];
  const { evaluate: _, ...rest } = operator;
  return [rest];
}

function fold(graph: Graph, first: Inferred, second: Inferred): Graph {
  const initializers = new Map(graph.initializers);
  const nodes = graph.nodes.filter((node) => {
    const outputs = node.outputs.filter((name) => name !== '');
    const contents = outputs.map((name) => first.constants.get(name));
    const constant = outputs.every((name, i) => sameContent(contents[i], second.constants.get(name)));
    if (outputs.length === 0 || !constant) return true;
    const read = node.inputs.reduce((sum, name) => sum + elementCount(first.types.get(name)?.shape ?? [0]), 0);
    if (contents.some((content) => elementCount((content as Tensor).dims) > Math.max(foldedElements, read)))
      return true;
    outputs.forEach((name, i) => {
      initializers.set(name, contents[i] as Tensor);
    });
    return false;
  });
  return { ...graph, nodes, initializers };
}

function withConstantTargets(graph: Graph, first: Inferred, second: Inferred): Graph {
  const initializers = new Map(graph.initializers);
  const names = new NameSupply([...first.types.keys(), ...graph.nodes.flatMap((node) => node.outputs)]);
  const shapes = (name: string | undefined) => {
    const [a, b] = [first.types.get(name ?? '')?.shape, second.types.get(name ?? '')?.shape];
    return a === undefined || b === undefined || a.length !== b.length ? undefined : { a, b };
  };
  const nodes = graph.nodes.map((node): Node => {
    const input = shapes(node.inputs[0]);
    const output = shapes(node.outputs[0]);
    const computed = (index: number) => Boolean(node.inputs[index]) && !initializers.has(node.inputs[index] as string);
    if (node.domain !== '' || input === undefined || output === undefined) return node;
    const constant = (stem: string, tensor: Tensor): string => {
      const name = names.unused(`${node.outputs[0]}_${stem}`);
      initializers.set(name, tensor);
      return name;
    };
    if (node.op === 'Reshape' && computed(1)) {
      const target = reshapeTarget(output);
      if (target === undefined) return node;
      return { ...node, inputs: [node.inputs[0] as string, constant('shape', int64Of(target))], attributes: {} };
    }
    if (node.op === 'Squeeze' && !node.inputs[1]) {
      // Without axes it would take a batch of one away too.
      const axes = input.a.flatMap((size, axis) => (size === 1 && input.b[axis] === 1 ? [axis] : []));
      if (axes.length !== input.a.length - output.a.length) return node;
      if (axes.length === 0) return { ...node, op: 'Identity', attributes: {} };
      return { ...node, inputs: [node.inputs[0] as string, constant('axes', int64Of(axes))] };
    }
    if (node.op === 'Expand' && computed(1)) {
      const target = expandTarget(input, output);
      return target === undefined
        ? node
        : { ...node, inputs: [node.inputs[0] as string, constant('shape', int64Of(target))] };
    }
    if (node.op === 'Resize' && computed(3) && node.attributes.axes === undefined) {
      const scales = resizeScales(input.a, output.a);
      if (scales === undefined || String(scales) !== String(resizeScales(input.b, output.b))) return node;
      return resizeBy(node, constant('scales', tensorOf('float32', [scales.length], scales)));
    }
    return node;
  });
  return { ...graph, nodes, initializers };
}

interface Shapes {
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/** −1 for the one axis that varies. */
function reshapeTarget({ a, b }: Shapes): number[] | undefined {
  const varying = a.flatMap((size, axis) => (size === b[axis] ? [] : [axis]));
  if (varying.length > 1 || elementCount(a) === 0) return undefined;
  return a.map((size, axis) => (axis === varying[0] ? -1 : size));
}

/** 1 for the axes that vary with the input and are not expanded. */
function expandTarget(input: Shapes, { a, b }: Shapes): number[] | undefined {
  const target = a.map((size, axis) => {
    if (size === b[axis]) return size;
    const at = axis - a.length + input.a.length;
    return input.a[at] === size && input.b[at] === b[axis] ? 1 : undefined;
  });
  return target.includes(undefined) ? undefined : (target as number[]);
}

/** The scales that lead from one shape to the other in the single precision that runtimes compute with. */
export function resizeScales(from: readonly number[], to: readonly number[]): number[] | undefined {
  const scales = to.map((size, axis) => Math.fround(size / (from[axis] as number)));
  const exact = scales.every((scale, axis) => Math.floor(Math.fround(scale * (from[axis] as number))) === to[axis]);
  return exact ? scales : undefined;
}

/** A Resize by scales instead of to sizes. */
export function resizeBy(node: Node, scales: string): Node {
  const { keep_aspect_ratio_policy: _, ...attributes } = node.attributes;
  return { ...node, inputs: [node.inputs[0] as string, node.inputs[1] ?? '', scales], attributes };
}
