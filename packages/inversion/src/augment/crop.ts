import { type Augmentation, everyAxis, resample } from './view.ts';

/**
 * Cuts out a box at a random place and stretches it to the full size, by linear interpolation.
 *
 * @param least the smallest side, as a part of the axis: sides are drawn between it and the whole, one for all axes
 */
export function crop(least = 1 / 3): Augmentation {
  return {
    name: 'crop',
    blanks: false,
    resamples: everyAxis,
    draw(view, size, random) {
      const side = random.uniform(least, 1);
      return size.reduce((seen, length, axis) => {
        const from = random.uniform(0, (1 - side) * length);
        // Pixel centres lie at i + ½.
        return resample(seen, axis, side, from + side / 2 - 0.5);
      }, view);
    },
  };
}
