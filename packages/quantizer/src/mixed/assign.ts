import { DatafreeError, type MixedPrecision } from '@datafree/plugin';
import type { Bits, Candidate, CandidateLayer } from './candidates.ts';
import { knapsack, type Selection } from './knapsack.ts';

/** What bits are assigned under. */
export interface Budget {
  /** What is kept small: bits of weights, or multiplications times the bits of both factors. */
  readonly of: 'size' | 'operations';
  /** As a part of what it is in fp32. */
  readonly share: number;
}

/** What {@link assignBits} decides with. */
export interface AssignmentParts {
  readonly candidates: readonly Candidate[];
  /** How far each choice of each candidate takes the outputs away. */
  readonly losses: readonly (readonly number[])[];
  /** Of the layers that stay in fp32: elements of weights, and multiplications a sample. */
  readonly float: { readonly elements: number; readonly multiplications: number };
}

/** Numbers of bits: a row of the table costs at most what one of them would cost everywhere. */
const uniform = [2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8];
const full = 32;

/**
 * The bits of each layer that take the outputs the least away from the network's within a budget. What layers do alone
 * is taken to add up (Cai et al. 2020, "ZeroQ").
 *
 * @throws `option-invalid` when even the fewest bits are over the budget
 */
export function assignBits(parts: AssignmentParts, { of, share }: Budget): MixedPrecision {
  const { candidates, losses, float } = parts;
  const costOf = ({ elements, layers }: Candidate, bits: Bits): number =>
    bits.weights * (of === 'size' ? elements : sum(layers, (own) => own.multiplications * enteringBits(own, bits)));
  const fixed = full * (of === 'size' ? float.elements : full * float.multiplications);
  const whole =
    fixed +
    sum(candidates, ({ elements, layers }) =>
      of === 'size' ? full * elements : full * full * sum(layers, ({ multiplications }) => multiplications),
    );
  const select = knapsack(
    candidates.map((candidate, i) =>
      candidate.choices.map((bits, k) => ({ cost: costOf(candidate, bits), loss: losses[i]?.[k] as number })),
    ),
  );
  const bitsOf = ({ chosen }: Selection): Bits[] =>
    candidates.map(({ choices }, i) => choices[chosen[i] as number] as Bits);
  const rowOf = (selection: Selection, chosen: boolean): MixedPrecision['table'][number] => {
    const bits = bitsOf(selection);
    const stored = sum(candidates, ({ elements }, i) => elements * (bits[i] as Bits).weights);
    return {
      share: (selection.cost + fixed) / whole,
      averageBits: stored / sum(candidates, ({ elements }) => elements),
      divergence: selection.loss,
      chosen,
      bits: bits.map(({ weights }) => weights),
      activations: candidates.map(({ layers: [first] }, i) => enteringBits(first as CandidateLayer, bits[i] as Bits)),
    };
  };

  const best = select(share * whole - fixed);
  if (best === undefined) {
    const least = fixed + sum(candidates, (own) => costOf(own, own.choices[0] as Bits));
    const name = of === 'size' ? 'budget' : 'operationsBudget';
    throw new DatafreeError(
      'option-invalid',
      `${name}: ${share} cannot be kept: the fewest bits come to ${(least / whole).toFixed(4)}.`,
      {
        path: name,
        hint: 'Take a larger budget, or fewer layers that are excluded.',
      },
    );
  }
  const reached = uniform.flatMap((bits) => select(sum(candidates, (own) => costOf(own, sameBits(own, bits)))) ?? []);
  const rows = [...reached.filter(({ cost }) => cost !== best.cost).map((own) => rowOf(own, false)), rowOf(best, true)];
  const distinct = rows.filter((row, i) => rows.findIndex((other) => other.share === row.share) === i);
  const bits = bitsOf(best);
  return {
    budget: { of, share },
    layers: candidates.flatMap((candidate, i) =>
      candidate.layers.map((layer) => ({
        node: layer.node.name,
        weight: candidate.weight,
        elements: candidate.elements,
        bits: (bits[i] as Bits).weights,
        activations: enteringBits(layer, bits[i] as Bits),
        divergence: losses[i]?.[best.chosen[i] as number] as number,
      })),
    ),
    table: distinct.sort((a, b) => a.share - b.share),
  };
}

/** Bits of the activation that enters a layer. */
function enteringBits(layer: CandidateLayer, { activations = layer.activations }: Bits): number {
  return activations;
}

/** A number of bits for weights and, where they are chosen too, activations. */
function sameBits({ choices, layers: [first] }: Candidate, bits: number): Bits {
  const chosen = choices[0]?.activations !== undefined;
  return chosen ? { weights: bits, activations: Math.min(bits, first?.activations as number) } : { weights: bits };
}

function sum<T>(all: readonly T[], of: (one: T, index: number) => number): number {
  return all.reduce((total, one, i) => total + of(one, i), 0);
}
