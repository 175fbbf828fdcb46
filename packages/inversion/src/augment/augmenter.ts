import { add, type GraphBuilder, matMul, mul, type Random, reshape, sub, tensorOf, type Value } from '@datafree/core';
import type { Tensor } from '@datafree/plugin';
import { writeHole, writeResampling } from './resampling.ts';
import { type Augmentation, plainView, type View } from './view.ts';

/**
 * Augmentation inside a graph. Every view is linear: along each axis a small matrix for each sample, a factor and an
 * offset, and a mask, drawn outside and fed at each step, so that the graph needs no operator that depends on data.
 */
export interface Augmenter {
  /** Declares what is drawn as inputs of the graph and writes the augmented samples. */
  write(b: GraphBuilder, samples: Value): Value;
  /** Draws anew: values for the declared inputs. */
  draw(random: Random): Record<string, Tensor>;
}

/** What augmentations need to know of samples, a value a channel each. */
export interface ChannelValues {
  /** What a blanked part shows and what contrast is measured from. */
  readonly mean: readonly number[];
  /** Standard deviation, the unit of brightness; 1 when absent. */
  readonly deviation?: readonly number[];
  /** What lies beyond a padded sample; `mean` when absent. */
  readonly margin?: readonly number[];
}

/**
 * @param samples number of samples, copies included
 * @param shape shape of one sample
 */
export function augmenter(
  augmentations: readonly Augmentation[],
  samples: number,
  shape: readonly number[],
  { mean, deviation = mean.map(() => 1), margin = mean }: ChannelValues,
): Augmenter {
  const [channels = 1, ...size] = shape;
  const rank = size.length;
  const axes = [...new Set(augmentations.flatMap((augmentation) => augmentation.resamples(rank)))]
    .filter((axis) => axis >= 0 && axis < rank)
    .sort();
  const blanks = rank > 0 && augmentations.some((augmentation) => augmentation.blanks);
  const pads = augmentations.some((augmentation) => augmentation.pads === true);
  const jitters = augmentations.some((augmentation) => augmentation.jitters === true);
  const flat = size.map(() => 1);
  const pixels = size.reduce((product, length) => product * length, 1);

  return {
    write(b, unchanged) {
      // What lies beyond counts as 0.
      const beyond = pads ? b.constant(tensorOf('float32', [1, channels, ...flat], margin)) : undefined;
      let seen = beyond === undefined ? unchanged : sub(b, unchanged, beyond);
      for (const axis of axes) {
        const length = size[axis] as number;
        const matrix = b.input(axisName(axis), 'float32', [samples, length, length]);
        seen = alongAxis(b, seen, axis, matrix);
      }
      if (beyond !== undefined) seen = add(b, seen, beyond);
      if (jitters) {
        const gain = b.input(gainName, 'float32', [samples, 1, ...flat]);
        seen = add(b, mul(b, seen, gain), b.input(offsetName, 'float32', [samples, channels, ...flat]));
      }
      if (!blanks) return seen;
      const mask = b.input(maskName, 'float32', [samples, 1, ...size]);
      const blank = b.constant(tensorOf('float32', [1, channels, ...flat], mean));
      return add(b, mul(b, sub(b, seen, blank), mask), blank);
    },
    draw(random) {
      const views = Array.from({ length: samples }, () =>
        augmentations.reduce((view: View, augmentation) => augmentation.draw(view, size, random), plainView(rank)),
      );
      const feeds: Record<string, Tensor> = {};
      for (const axis of axes) {
        const length = size[axis] as number;
        const matrices = new Float32Array(samples * length * length);
        views.forEach((view, i) => {
          const own = matrices.subarray(i * length * length, (i + 1) * length * length);
          const seen = view.axes[axis];
          if (seen !== undefined) writeResampling(own, length, seen, axis === rank - 1);
        });
        feeds[axisName(axis)] = tensorOf('float32', [samples, length, length], matrices);
      }
      if (jitters) {
        const offsets = views.flatMap(({ gain, offset }) =>
          mean.map((own, c) => (1 - gain) * own + offset * (deviation[c] as number)),
        );
        const gains = views.map(({ gain }) => gain);
        feeds[gainName] = tensorOf('float32', [samples, 1, ...flat], gains);
        feeds[offsetName] = tensorOf('float32', [samples, channels, ...flat], offsets);
      }
      if (blanks) {
        const masks = new Float32Array(samples * pixels).fill(1);
        views.forEach((view, i) => {
          for (const hole of view.holes) writeHole(masks.subarray(i * pixels, (i + 1) * pixels), size, hole);
        });
        feeds[maskName] = tensorOf('float32', [samples, 1, ...size], masks);
      }
      return feeds;
    },
  };
}

const axisName = (axis: number): string => `augment.axis${axis}`;
const gainName = 'augment.gain';
const offsetName = 'augment.offset';
const maskName = 'augment.mask';

/** Multiplies one spatial axis of [samples, channels, …size] by a matrix a sample; that of the last axis is transposed. */
function alongAxis(b: GraphBuilder, x: Value, axis: number, matrix: Value): Value {
  const [samples = 1, channels = 1, ...size] = x.shape;
  const length = size[axis] as number;
  const before = size.slice(0, axis).reduce((product, n) => product * n, channels);
  const after = size.slice(axis + 1).reduce((product, n) => product * n, 1);
  const product =
    axis === size.length - 1
      ? matMul(b, reshape(b, x, [samples, before, length]), matrix)
      : matMul(b, reshape(b, matrix, [samples, 1, length, length]), reshape(b, x, [samples, before, length, after]));
  return reshape(b, product, x.shape);
}
