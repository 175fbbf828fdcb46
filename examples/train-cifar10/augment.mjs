// Turns pixels into training batches: random shift by up to three pixels, random mirroring, normalisation.

const size = 32;
const mean = [0.485, 0.456, 0.406];
const deviation = [0.229, 0.224, 0.225];

/**
 * Writes images into a batch as the network takes them.
 *
 * @param {Uint8Array} pixels all images, [N, 32, 32, 3]
 * @param {ArrayLike<number>} indices which of them
 * @param {import('@datafree/core').Random} [random] shifts and mirrors the images at random when given
 * @returns {import('@datafree/plugin').Tensor<'float32'>} [indices.length, 3, 32, 32]
 */
export function batchOf(pixels, indices, random) {
  const count = indices.length;
  const data = new Float32Array(count * 3 * size * size);
  for (let n = 0; n < count; n++) {
    const down = random ? random.integer(7) - 3 : 0;
    const right = random ? random.integer(7) - 3 : 0;
    const mirror = random ? random.integer(2) === 1 : false;
    const image = indices[n] * size * size * 3;
    for (let c = 0; c < 3; c++) {
      const scale = 1 / (255 * deviation[c]);
      const offset = -mean[c] / deviation[c];
      const target = (n * 3 + c) * size * size;
      for (let y = 0; y < size; y++) {
        const row = y + down;
        for (let x = 0; x < size; x++) {
          const column = (mirror ? size - 1 - x : x) + right;
          const outside = row < 0 || row >= size || column < 0 || column >= size;
          // What lies outside is the mean colour.
          data[target + y * size + x] = outside ? 0 : pixels[image + (row * size + column) * 3 + c] * scale + offset;
        }
      }
    }
  }
  return { dtype: 'float32', dims: [count, 3, size, size], data };
}
