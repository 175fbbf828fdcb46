import { type Augmentation, everyAxis, withAxis } from './view.ts';

/**
 * Smooths the sample with a Gaussian.
 *
 * @param widest largest standard deviation in pixels; drawn between 0 and it
 */
export function blur(widest = 1): Augmentation {
  return {
    name: 'blur',
    blanks: false,
    resamples: everyAxis,
    draw(view, size, random) {
      const deviation = random.uniform(0, widest);
      return size.reduce(
        (seen, _, axis) => withAxis(seen, axis, (own) => ({ ...own, blur: Math.hypot(own.blur, deviation) })),
        view,
      );
    },
  };
}
