// More samples than there are: each as it is and mirrored, in its place and shifted.
import { tensorOf } from '@datafree/core';

/** By how many pixels a view is shifted down and to the right. */
const shifts = [-8, 0, 8].flatMap((down) => [-8, 0, 8].map((right) => [down, right]));

/**
 * The views of labelled images, 18 of each: what is too few to tell networks apart by tenths of a point is not any more.
 *
 * @param {object} samples a set of samples [C, H, W]; where a view has no pixel it repeats the nearest one
 */
export function viewsOf(samples) {
  return {
    shape: samples.shape,
    count: 2 * shifts.length * samples.count,
    labelled: samples.labelled,
    async *batches(size) {
      for (const mirrored of [false, true]) {
        for (const shift of shifts) {
          for await (const { data, labels } of samples.batches(size))
            yield { data: viewOf(data, mirrored, shift), labels };
        }
      }
    },
  };
}

function viewOf({ dims, data }, mirrored, [down, right]) {
  const [height, width] = dims.slice(-2);
  const inside = (position, size) => Math.min(size - 1, Math.max(0, position));
  const moved = new Float32Array(data.length);
  for (let row = 0; row < data.length / width; row++) {
    const y = row % height;
    const from = (row - y + inside(y - down, height)) * width;
    for (let x = 0; x < width; x++) {
      const shown = inside(x - right, width);
      moved[row * width + x] = data[from + (mirrored ? width - 1 - shown : shown)];
    }
  }
  return tensorOf('float32', dims, moved);
}
