import type { ParsedOptions } from '../options.ts';

/** The regulariser of roundings at one step. */
export interface Annealing {
  /** Its weight: 0 while roundings are free. */
  readonly regularisation: number;
  /** The exponent β of `1 − |2h − 1|^β`. */
  readonly exponent: number;
}

/**
 * The regulariser at a step: none during the warm-up, then the exponent goes evenly from its first value to its last, and
 * the weight grows evenly by factors. What costs the block little decides first, and in the end everything does: an
 * element that a block depends on more than the regulariser weighs stays between its codes, where it is right, and what
 * it is rounded to at last was never tried.
 */
export function annealingAt(
  step: number,
  { steps, warmUp, firstExponent: first, lastExponent: last, regularisation, growth }: ParsedOptions,
): Annealing {
  const start = warmUp * steps;
  if (step < start) return { regularisation: 0, exponent: first };
  const done = Math.min(1, (step - start) / Math.max(1, steps - 1 - start));
  return { regularisation: regularisation * growth ** done, exponent: first + (last - first) * done };
}
