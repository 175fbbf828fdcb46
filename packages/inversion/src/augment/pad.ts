import { type Augmentation, everyAxis, resample, withAxis } from './view.ts';

/**
 * Surrounds the sample with a margin of the darkest input and cuts out a box of its own size at a random place: how
 * networks for small images are mostly trained. The statistics that such a network remembers are those of images with
 * dark borders, which samples would otherwise have to imitate.
 *
 * @param part the width of the margin, as a part of the axis
 */
export function pad(part = 1 / 8): Augmentation {
  return {
    name: 'pad',
    blanks: false,
    pads: true,
    resamples: everyAxis,
    draw: (view, size, random) =>
      size.reduce((seen, length, axis) => {
        const widest = Math.floor(part * length);
        const moved = resample(seen, axis, 1, random.integer(2 * widest + 1) - widest);
        return withAxis(moved, axis, (own) => ({ ...own, padded: true }));
      }, view),
  };
}
