import type { AxisView, Hole } from './view.ts';

/**
 * Writes the matrix that looks at an axis into `matrix` (zeros, row-major [target, source]): linear interpolation
 * between the two nearest source pixels, each with Gaussian weights around it where the view blurs. Rows sum to 1.
 * Positions outside mirror at the first and last pixel; of a padded axis they are left out, so that rows sum to less.
 *
 * @param transposed writes [source, target] instead
 */
export function writeResampling(matrix: Float32Array, size: number, view: AxisView, transposed = false): void {
  const reach = Math.ceil(3 * view.blur);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) => (i === reach ? 1 : gaussian(i - reach, view.blur)));
  const total = weights.reduce((sum, weight) => sum + weight);
  for (let target = 0; target < size; target++) {
    const centre = view.scale * target + view.offset;
    const put = (source: number, weight: number): void => {
      if (view.padded && (source < 0 || source >= size)) return;
      const inside = mirrored(source, size);
      const index = transposed ? inside * size + target : target * size + inside;
      matrix[index] = (matrix[index] as number) + weight;
    };
    const before = Math.floor(centre);
    const part = centre - before;
    for (const [pixel, share] of [
      [before, 1 - part],
      [before + 1, part],
    ] as const) {
      if (share === 0) continue;
      for (const [i, weight] of weights.entries()) put(pixel + i - reach, (weight / total) * share);
    }
  }
}

function gaussian(distance: number, deviation: number): number {
  return Math.exp(-(distance ** 2) / (2 * deviation ** 2));
}

/** The pixel that position `index` shows when the axis is mirrored at its first and last pixel. */
export function mirrored(index: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const within = ((index % period) + period) % period;
  return within < size ? within : period - within;
}

/** Sets the elements inside a hole to 0. */
export function writeHole(mask: Float32Array, size: readonly number[], hole: Hole): void {
  const clear = (axis: number, base: number): void => {
    const last = axis === size.length - 1;
    for (let i = hole.low[axis] as number; i < (hole.high[axis] as number); i++) {
      const index = base * (size[axis] as number) + i;
      if (last) mask[index] = 0;
      else clear(axis + 1, index);
    }
  };
  clear(0, 0);
}
