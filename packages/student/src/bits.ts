import type { Graph, Quantized } from '@datafree/plugin';
import { findQuantisers, type WeightQuantiser } from './quantisers.ts';

/**
 * Bits of most weights and of most activations that enter a layer with weights, of a graph of QuantizeLinear and
 * DequantizeLinear pairs, read from the codes that are used. The input of the network, which always has 8, does not count.
 *
 * @returns undefined where nothing is quantised
 */
export function quantizedBits(graph: Graph): Quantized['bits'] | undefined {
  const { weights, activations } = findQuantisers(graph);
  const bitsOf = ({ low, high }: { readonly low: number; readonly high: number }): number =>
    Math.ceil(Math.log2(high - low + 1));
  const ofWeights = mostCommon(weights.map(bitsOf));
  if (ofWeights === undefined || activations.length === 0) return undefined;
  const inner = activations.filter(({ input }) => !input);
  const entering = enteringLayers(graph, weights);
  const counted = inner.filter(({ node, clip }) => entering.has((clip ?? node).outputs[0] as string));
  return { weights: ofWeights, activations: mostCommon((counted.length > 0 ? counted : inner).map(bitsOf)) ?? 8 };
}

/** Names of the codes that layers with quantised weights read. */
function enteringLayers({ nodes }: Graph, weights: readonly WeightQuantiser[]): ReadonlySet<string> {
  const values = new Set(weights.map(({ node }) => node.outputs[0]));
  const read = new Set(nodes.filter(({ inputs }) => values.has(inputs[1])).map(({ inputs }) => inputs[0]));
  const decoded = nodes.filter(({ op, outputs }) => op === 'DequantizeLinear' && read.has(outputs[0]));
  return new Set(decoded.map(({ inputs }) => inputs[0] as string));
}

/** The value that occurs most often, the first of them. */
function mostCommon(values: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
