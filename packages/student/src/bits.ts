import type { Graph, Quantized } from '@datafree/plugin';
import { findQuantisers } from './quantisers.ts';

/**
 * Bits of most weights and of most activations of a graph of QuantizeLinear and DequantizeLinear pairs, read from the
 * codes that are used. The input of the network, which always has 8, does not count.
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
  return { weights: ofWeights, activations: mostCommon(inner.map(bitsOf)) ?? 8 };
}

/** The value that occurs most often, the first of them. */
function mostCommon(values: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
