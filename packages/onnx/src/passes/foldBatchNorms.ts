import { type OperatorSet, prune, standardOperators, type TensorType, tensorOf } from '@datafree/core';
import { DatafreeError, type Graph, type Node, type Tensor } from '@datafree/plugin';
import { write } from '../lift/rule.ts';
import { NameSupply } from '../names.ts';
import { affineOf, type FoldedLayer, foldAfter, foldBefore, isUnpadded, type Layer } from './affine.ts';
import { constantsOf } from './content.ts';
import { infer } from './infer.ts';
import { countReaders } from './readers.ts';
import { trialSizes } from './trialSizes.ts';

/**
 * Folds BatchNormalizations into their neighbours, in double precision: into the Conv, ConvTranspose or Gemm before,
 * when nothing else reads its output; otherwise into a Conv without padding after; otherwise they become a Mul and
 * an Add. One whose parameters are not constant stays. Names of values stay, but for those between a layer and the
 * BatchNormalization that it takes in.
 *
 * @throws `operator-unknown` and others when the rank of a value is needed for a Mul and cannot be found
 */
export function foldBatchNorms(graph: Graph, operators: OperatorSet = standardOperators): Graph {
  const constants = constantsOf(graph, operators);
  const initializers = new Map(graph.initializers);
  const names = new NameSupply([
    ...initializers.keys(),
    ...graph.inputs.map(({ name }) => name),
    ...graph.nodes.flatMap((node) => node.outputs),
  ]);
  const readers = countReaders(graph);
  const rankOf = ranks(graph, operators);
  /** What stands at the place of each node. */
  const places: Node[][] = graph.nodes.map((node) => [node]);
  const producers = new Map(graph.nodes.flatMap((node, i) => node.outputs.map((name) => [name, i] as const)));

  const content = (name: string | undefined): Tensor | undefined =>
    name === undefined || name === '' ? undefined : (initializers.get(name) ?? constants(name));
  const layerOf = (node: Node): Layer | undefined => {
    const [weights, bias] = [content(node.inputs[1]), content(node.inputs[2])];
    return weights === undefined || (node.inputs[2] && bias === undefined) ? undefined : { weights, bias };
  };
  /** Keeps the name of weights that only this node reads. */
  const store = (old: string | undefined, stem: string, tensor: Tensor): string => {
    const own = old !== undefined && graph.initializers.has(old) && readers.get(old) === 1;
    const name = own ? old : names.unused(stem);
    initializers.set(name, tensor);
    return name;
  };
  const withLayer = (node: Node, { weights, bias }: FoldedLayer): Node => ({
    ...node,
    inputs: [
      node.inputs[0] as string,
      store(node.inputs[1], `${node.name}.weight`, weights),
      store(node.inputs[2], `${node.name}.bias`, bias),
    ],
  });

  graph.nodes.forEach((batchNorm, index) => {
    const affine = affineOf(batchNorm, content);
    if (affine === undefined) return;
    const x = batchNorm.inputs[0] as string;
    const y = batchNorm.outputs[0] as string;

    const before = producers.get(x) ?? -1;
    const producer = places[before]?.[0];
    const layer = producer && readers.get(x) === 1 ? layerOf(producer) : undefined;
    const folded = producer && layer && foldAfter(producer, layer, affine);
    if (folded !== undefined) {
      const { beta: _, ...attributes } = producer?.attributes ?? {};
      places[before] = [{ ...withLayer(producer as Node, folded), outputs: [y], attributes }];
      places[index] = [];
      producers.set(y, before);
      return;
    }

    const after = readers.get(y) === 1 ? places.findIndex(([node]) => node?.inputs[0] === y && isUnpadded(node)) : -1;
    const consumer = places[after]?.[0];
    const next = consumer && layerOf(consumer);
    if (consumer !== undefined && next !== undefined) {
      const merged = withLayer(consumer, foldBefore(consumer, next, affine));
      places[after] = [{ ...merged, inputs: [x, ...merged.inputs.slice(1)] }];
      places[index] = [];
      // x now has the reader that y had.
      return;
    }

    const shape = [affine.factor.length, ...new Array<number>(Math.max(0, rankOf(x) - 2)).fill(1)];
    const { dtype } = content(batchNorm.inputs[1]) as Tensor;
    const factor = store(undefined, `${batchNorm.name}.factor`, tensorOf(dtype, shape, affine.factor));
    const offset = store(undefined, `${batchNorm.name}.offset`, tensorOf(dtype, shape, affine.offset));
    const scaled = names.unused(`${y}_scaled`);
    places[index] = [
      { ...write('Mul', [x, factor], scaled), name: `${batchNorm.name}.Mul` },
      { ...write('Add', [scaled, offset], y), name: `${batchNorm.name}.Add` },
    ];
  });
  return prune({ ...graph, nodes: places.flat(), initializers });
}

/** Looks up numbers of dimensions; shapes are followed when the first is asked for. */
function ranks(graph: Graph, operators: OperatorSet): (name: string) => number {
  let types: ReadonlyMap<string, TensorType> | undefined;
  return (name) => {
    const inferred = types === undefined ? infer(graph, trialSizes(graph)[0], operators) : undefined;
    types ??= inferred?.types;
    const rank = types?.get(name)?.shape.length;
    if (rank !== undefined) return rank;
    const [cause] = inferred?.failures.values() ?? [];
    throw cause ?? new DatafreeError('value-unknown', `The shape of "${name}" cannot be followed.`, { tensor: name });
  };
}
