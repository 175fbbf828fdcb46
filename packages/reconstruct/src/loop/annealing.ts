import type { ParsedOptions } from '../options.ts';

/** The regulariser of roundings at one step. */
export interface Annealing {
  /** Its weight: 0 while roundings are free. */
  readonly regularisation: number;
  /** The exponent β of `1 − |2h − 1|^β`. */
  readonly exponent: number;
}

/** The regulariser at a step: none during the warm-up, then the exponent goes evenly from its first value to its last. */
export function annealingAt(
  step: number,
  { steps, warmUp, firstExponent: first, lastExponent: last, regularisation }: ParsedOptions,
): Annealing {
  const start = warmUp * steps;
  if (step < start) return { regularisation: 0, exponent: first };
  const done = (step - start) / Math.max(1, steps - 1 - start);
  return { regularisation, exponent: first + (last - first) * Math.min(1, done) };
}
