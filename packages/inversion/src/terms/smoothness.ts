import { mul, reduceMean } from '@datafree/core';
import { stencil } from './stencil.ts';
import type { Term } from './term.ts';

/** Settings of {@link smoothness}. */
export interface SmoothnessOptions {
  readonly weight?: number;
  /** Side of the kernel in pixels, odd. */
  readonly size?: number;
  /** Standard deviation of the Gaussian in pixels. */
  readonly deviation?: number;
}

/**
 * The prior of "The Knowledge Within": the mean squared difference between a sample and its Gaussian smoothing,
 * `mean((x − G ∗ x)²)`, in units of the input's range. 0 for inputs without spatial axes.
 */
export function smoothness(options: SmoothnessOptions = {}): Term {
  const { weight = 1, size = 5, deviation = 1 } = options;
  return {
    name: 'prior',
    weight,
    reads: () => [],
    write({ builder: b, unit }) {
      const spatial = unit.shape.slice(2);
      if (spatial.length === 0) return b.scalar(0);
      const lengths = spatial.map((length) => Math.min(size, length - ((length + 1) % 2)));
      const rest = stencil(b, unit, lengths, sharpening(lengths, deviation));
      return reduceMean(b, mul(b, rest, rest));
    },
  };
}

/** The kernel of `x − G ∗ x`: one in the middle minus a Gaussian that sums to one. */
function sharpening(lengths: readonly number[], deviation: number): Float64Array {
  const gaussian = lengths.reduce<number[]>(
    (kernel, length) => {
      const line = Array.from({ length }, (_, i) => Math.exp(-((i - (length - 1) / 2) ** 2) / (2 * deviation ** 2)));
      const sum = line.reduce((total, weight) => total + weight, 0);
      return kernel.flatMap((outer) => line.map((inner) => (outer * inner) / sum));
    },
    [1],
  );
  const kernel = Float64Array.from(gaussian, (weight) => -weight);
  const middle = (kernel.length - 1) / 2;
  kernel[middle] = 1 + (kernel[middle] as number);
  return kernel;
}
