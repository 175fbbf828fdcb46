import type { Augmentation } from './view.ts';

/**
 * Changes contrast and brightness of the sample: `mean + gain · (x − mean) + offset · deviation`, one gain and one
 * offset for all channels, mean and deviation those of each channel of the input. Values are not clipped: what leaves
 * the range of valid inputs stays outside.
 *
 * @param contrast how far the gain may be from 1, at most: it is drawn evenly from 1 − contrast … 1 + contrast
 * @param brightness how far the offset may be from 0, at most, in standard deviations of the input
 */
export function jitter(contrast = 0.2, brightness = 0.1): Augmentation {
  return {
    name: 'jitter',
    blanks: false,
    jitters: true,
    resamples: () => [],
    draw(view, _, random) {
      const gain = 1 + random.uniform(-contrast, contrast);
      const offset = random.uniform(-brightness, brightness);
      return { ...view, gain: gain * view.gain, offset: gain * view.offset + offset };
    },
  };
}
