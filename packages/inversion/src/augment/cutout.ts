import type { Augmentation, Hole } from './view.ts';

/**
 * Blanks out boxes at random places with the mean input.
 *
 * @param most the largest number of boxes; 0 to that many are drawn
 * @param part the longest side, as a part of the axis
 */
export function cutout(most = 4, part = 1 / 3): Augmentation {
  return {
    name: 'cutout',
    blanks: true,
    resamples: () => [],
    draw(view, size, random) {
      const holes = Array.from({ length: random.integer(most + 1) }, (): Hole => {
        const low: number[] = [];
        const high: number[] = [];
        for (const length of size) {
          const side = Math.floor(random.uniform(0, part * length));
          const from = random.integer(length - side + 1);
          low.push(from);
          high.push(from + side);
        }
        return { low, high };
      });
      return { ...view, holes: [...view.holes, ...holes] };
    },
  };
}
