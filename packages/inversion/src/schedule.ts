/** Says the factor of the learning rate at each iteration of one batch. Called with iterations 0, 1, 2, … in order. */
export type RateRule = (iteration: number, previousLoss: number | undefined) => number;

/** Makes the rule for a batch of so many iterations. */
export type Schedule = (iterations: number) => RateRule;

/** The same rate throughout. */
export const constantRate: Schedule = () => () => 1;

/** The rate times `factor` from each of the given iterations on. */
export function stepRate(at: readonly number[], factor = 0.1): Schedule {
  return () => (iteration) => factor ** at.filter((step) => iteration >= step).length;
}

/**
 * A linear rise over the first iterations, then half a cosine down to `end` (Loshchilov and Hutter, "SGDR").
 *
 * @param options.warmUp part of the iterations that the rise takes, 0 … 1
 * @param options.end factor at the last iteration
 */
export function cosineRate(options: { readonly warmUp?: number; readonly end?: number } = {}): Schedule {
  const { warmUp = 0, end = 0 } = options;
  return (iterations) => {
    const rise = Math.round(warmUp * iterations);
    return (iteration) => {
      if (iteration < rise) return (iteration + 1) / (rise + 1);
      const part = (iteration - rise) / Math.max(1, iterations - 1 - rise);
      return end + (1 - end) * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, part)));
    };
  };
}

/**
 * The rate times `factor` whenever the loss has not come below its best by a thousandth for `patience` iterations, down
 * to `end`.
 */
export function plateauRate(
  options: { readonly patience?: number; readonly factor?: number; readonly end?: number } = {},
): Schedule {
  const { patience = 50, factor = 0.5, end = 1e-3 } = options;
  return () => {
    const waiting = new Stagnation();
    let rate = 1;
    return (_, previousLoss) => {
      if (previousLoss !== undefined && waiting.observe(previousLoss) > patience) {
        rate = Math.max(end, rate * factor);
        waiting.restart();
      }
      return rate;
    };
  };
}

/** Counts the values since the last one that was lower than all before by a part of `tolerance`. */
export class Stagnation {
  readonly #tolerance: number;
  #best = Number.POSITIVE_INFINITY;
  #waited = 0;

  constructor(tolerance = 1e-3) {
    this.#tolerance = tolerance;
  }

  /** Takes the next value in and returns the count. */
  observe(value: number): number {
    if (value < this.#best - this.#tolerance * Math.abs(value)) {
      this.#best = value;
      this.#waited = 0;
    } else this.#waited++;
    return this.#waited;
  }

  /** Counts from 0 again. */
  restart(): void {
    this.#waited = 0;
  }
}
