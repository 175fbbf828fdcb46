import { shift } from './shift.ts';
import type { Augmentation } from './view.ts';

/**
 * Surrounds the sample with a margin of the darkest input and cuts out a box of its own size at a random place: how
 * networks for small images are mostly trained. The statistics that such a network remembers are those of images with
 * dark borders, which samples would otherwise have to imitate.
 *
 * @param part the width of the margin, as a part of the axis
 */
export function pad(part = 1 / 8): Augmentation {
  const shifted = shift(part);
  return {
    ...shifted,
    name: 'pad',
    pads: true,
    draw(view, size, random) {
      const seen = shifted.draw(view, size, random);
      return { ...seen, axes: seen.axes.map((own) => ({ ...own, padded: true })) };
    },
  };
}
