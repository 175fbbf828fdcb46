import { type Augmentation, everyAxis, resample } from './view.ts';

/**
 * Moves the sample by whole pixels along every spatial axis; what comes in at the border mirrors what is inside.
 *
 * @param part the farthest way, as a part of the axis
 */
export function shift(part = 1 / 16): Augmentation {
  return {
    name: 'shift',
    blanks: false,
    resamples: everyAxis,
    draw: (view, size, random) =>
      size.reduce((seen, length, axis) => {
        const farthest = Math.floor(part * length);
        return resample(seen, axis, 1, random.integer(2 * farthest + 1) - farthest);
      }, view),
  };
}
