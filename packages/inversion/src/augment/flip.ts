import { type Augmentation, resample } from './view.ts';

/** Mirrors the last spatial axis (left and right of an image) with probability one half. */
export function flip(): Augmentation {
  return {
    name: 'flip',
    blanks: false,
    resamples: (rank) => [rank - 1],
    draw(view, size, random) {
      const axis = size.length - 1;
      return random.uniform() < 0.5 ? resample(view, axis, -1, (size[axis] as number) - 1) : view;
    },
  };
}
