import { prune } from '@datafree/core';
import type { Graph, Tensor } from '@datafree/plugin';
import { decodedBias, type Quantisers, type WeightQuantiser } from '@datafree/student';
import { shapesOf } from '../loop/step.ts';
import type { Block } from './blocks.ts';
import { partBetween } from './part.ts';

/** What learns in a block. */
export interface Learners {
  readonly weights: readonly WeightQuantiser[];
  /** Names of the step sizes of activations. */
  readonly scales: readonly string[];
  /**
   * The biases that are started from: the network's own where it has them. A quantizer may have corrected them for the
   * mean error of weights that were rounded to nearest, which is another one now.
   */
  readonly biases: ReadonlyMap<string, Tensor>;
}

/**
 * What learns in each block. What several blocks have in common (a weight used twice, a step that a pool hands on)
 * belongs to the first of them, so that no block changes what one before it was made for. What layers in front of a block
 * have that are in none stays, so that no block changes what enters it.
 */
export function assignLearners(
  blocks: readonly Block[],
  quantised: Graph,
  folded: Graph,
  { weights, activations, biases }: Quantisers,
  learnSteps: boolean,
): Learners[] {
  const taken = new Set<string>();
  return blocks.map((block) => {
    const before = new Set(prune(quantised, [block.entry]).nodes.flatMap(({ inputs }) => inputs));
    const take = (name: string): boolean => !taken.has(name) && !before.has(name) && taken.add(name) !== undefined;
    const part = partBetween(quantised, block.entry, block.exit, shapesOf(block, 1));
    const nodes = new Set(part?.nodes);
    const rounded = learnSteps ? activations.filter(({ node, input }) => nodes.has(node) && !input) : [];
    const original = biases.flatMap(({ name, quantised: stored }) => {
      const value = stored === undefined ? quantised.initializers.get(name) : decodedBias(quantised, stored);
      const own = folded.initializers.get(name);
      const tensor = own?.dtype === 'float32' && String(own.dims) === String(value?.dims) ? own : value;
      const inside = stored === undefined ? part?.initializers.has(name) : nodes.has(stored.node);
      return tensor !== undefined && inside && take(name) ? [[name, tensor] as const] : [];
    });
    return {
      biases: new Map(original),
      weights: weights.filter(({ node, codes }) => nodes.has(node) && take(codes)),
      scales: rounded.map(({ scale }) => scale).filter(take),
    };
  });
}
