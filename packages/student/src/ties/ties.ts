import { numbersOf, tensorOf } from '@datafree/core';
import type { Graph, Node, Tensor } from '@datafree/plugin';
import { decodedBias, storedBias } from '../bias.ts';
import { type ActivationQuantiser, findQuantisers, neighbours, type Quantisers } from '../quantisers.ts';
import { oddFraction } from './oddFraction.ts';

/** How far from where rounding turns a sum is kept, as a share of the largest code. */
const distance = 2 ** -19;
/** Operators whose values are among those that they are given, or constant. */
const passing: ReadonlySet<string> = new Set([
  'Clip',
  'Flatten',
  'Identity',
  'MaxPool',
  'Relu',
  'Reshape',
  'Squeeze',
  'Transpose',
  'Unsqueeze',
]);

/**
 * A quantised graph in which no sum of a layer lies at the border between two codes, so that each is rounded to the same
 * code in whatever order and precision a runtime adds and multiplies. For that, steps of weights move by two thousandths at
 * most, and quantised biases are stored anew; nodes and codes of weights stay.
 *
 * A layer sums whole numbers k of a product of two steps, its input's and its weight's, and rounds to whole steps of its
 * output: m · k, m being that product over the output's step. With m = p / q, q odd, the odd multiples of a half stay 1 / 2q
 * away: 2pk is even. Without, a few sums in a million fall on the one side in integers and on the other in floating point,
 * and a network of many layers and few bits makes much of them.
 *
 * Left as they are: layers whose output is not rounded, or twice, or to more than 8 bits, whose bias is in floating point,
 * or whose steps are another layer's too.
 *
 * @param found what is quantised in the graph, or in one of the same nodes; looked for when absent
 */
export function withoutTies(graph: Graph, found: Quantisers = findQuantisers(graph)): Graph {
  const initializers = new Map(graph.initializers);
  const { producers, consumers } = neighbours(graph);
  const biases = new Map(found.biases.map((bias) => [bias.name, bias.quantised]));
  const roundings = new Map(found.activations.map((activation) => [activation.node, activation]));

  for (const { node, scale } of found.weights) {
    const [layer, ...others] = readers(node.outputs[0] as string);
    if (layer === undefined || others.length > 0 || isShared(scale)) continue;
    const input = producers.get(layer.inputs[0] as string);
    const rounding = roundingOf(layer.outputs[0] as string);
    const bias = biases.get(layer.inputs[2] ?? '');
    if (input?.op !== 'DequantizeLinear' || rounding === undefined || rounding.high - rounding.low > 255) continue;
    if (bias === undefined ? layer.inputs[2] : isShared(bias.codes) || isShared(bias.scale)) continue;
    const factor = stepOf(input.inputs[1] as string) / stepOf(rounding.scale);
    const largest = 1 / (2 * distance * (rounding.high - rounding.low));
    const own = graph.initializers.get(scale) as Tensor;
    const steps = Float64Array.from(numbersOf(own), (step) => oddFraction(step * factor, largest) / factor);
    initializers.set(scale, tensorOf('float32', own.dims, steps));
    if (bias === undefined) continue;
    for (const [name, tensor] of storedBias(decodedBias(graph, bias), bias, initializers))
      initializers.set(name, tensor);
  }
  return { ...graph, initializers };

  function stepOf(scale: string): number {
    return numbersOf(graph.initializers.get(scale) as Tensor)[0] as number;
  }

  /** The nodes that read a value. */
  function readers(name: string): readonly Node[] {
    return consumers.get(name) ?? [];
  }

  function isShared(initializer: string): boolean {
    return readers(initializer).length > 1;
  }

  /** What rounds a value, when nothing else reads it. */
  function roundingOf(value: string): ActivationQuantiser | undefined {
    const [reader, ...others] = readers(value);
    if (reader === undefined || others.length > 0) return undefined;
    return passing.has(reader.op) ? roundingOf(reader.outputs[0] as string) : roundings.get(reader);
  }
}
