import { DatafreeError, type MixedPrecision } from '@datafree/plugin';
import type { Candidate } from './candidates.ts';
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
  /** Numbers of bits, from few to many. */
  readonly widths: readonly number[];
  /** How far each candidate at each width takes the outputs away. */
  readonly losses: readonly (readonly number[])[];
  /** The widths that a candidate may have; all when absent. */
  readonly allowed: (candidate: Candidate) => readonly number[];
  /** Of the layers that stay in fp32: elements of weights, and multiplications a sample. */
  readonly float: { readonly elements: number; readonly multiplications: number };
}

/** Bits that a row of the table has on average, at most. */
const averages = [2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8];
const full = 32;

/**
 * The bits of each weight that take the outputs the least away from the network's within a budget. What layers do alone
 * is taken to add up (Cai et al. 2020, "ZeroQ").
 *
 * @throws `option-invalid` when even the fewest bits are over the budget
 */
export function assignBits(parts: AssignmentParts, { of, share }: Budget): MixedPrecision {
  const { candidates, widths, losses, allowed, float } = parts;
  const options = candidates.map((candidate) =>
    widths.flatMap((bits, i) => (allowed(candidate).includes(bits) ? [i] : [])),
  );
  const costOf = (candidate: Candidate, bits: number): number =>
    bits * (of === 'size' ? candidate.elements : candidate.activationBits);
  const fixed = full * (of === 'size' ? float.elements : full * float.multiplications);
  const whole =
    fixed +
    candidates.reduce((sum, own) => sum + full * (of === 'size' ? own.elements : full * own.multiplications), 0);
  const select = knapsack(
    candidates.map((candidate, i) =>
      (options[i] as number[]).map((w) => ({
        cost: costOf(candidate, widths[w] as number),
        loss: losses[i]?.[w] as number,
      })),
    ),
  );
  const bitsOf = ({ chosen }: Selection): number[] =>
    chosen.map((index, i) => widths[(options[i] as number[])[index] as number] as number);
  const rowOf = (selection: Selection, chosen: boolean): MixedPrecision['table'][number] => {
    const bits = bitsOf(selection);
    const elements = candidates.reduce((sum, own) => sum + own.elements, 0);
    const stored = candidates.reduce((sum, own, i) => sum + own.elements * (bits[i] as number), 0);
    return {
      share: (selection.cost + fixed) / whole,
      averageBits: stored / elements,
      divergence: selection.loss,
      chosen,
      bits,
    };
  };

  const best = select(share * whole - fixed);
  if (best === undefined) {
    const least = candidates.reduce(
      (sum, own, i) => sum + costOf(own, widths[(options[i] as number[])[0] as number] as number),
      fixed,
    );
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
  const reached = averages.flatMap((bits) => {
    const limit = candidates.reduce((sum, own) => sum + costOf(own, bits), 0);
    return select(limit) ?? [];
  });
  const rows = [...reached.filter(({ cost }) => cost !== best.cost).map((own) => rowOf(own, false)), rowOf(best, true)];
  const distinct = rows.filter((row, i) => rows.findIndex((other) => other.share === row.share) === i);
  const bits = bitsOf(best);
  return {
    budget: { of, share },
    layers: candidates.flatMap((candidate, i) =>
      candidate.layers.map((node) => ({
        node: node.name,
        weight: candidate.weight,
        elements: candidate.elements,
        bits: bits[i] as number,
        divergence: losses[i]?.[widths.indexOf(bits[i] as number)] as number,
      })),
    ),
    table: distinct.sort((a, b) => a.share - b.share),
  };
}
