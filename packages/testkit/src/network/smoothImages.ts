import type { Random } from '@datafree/core';

/** Waves that an image is the sum of. */
const waves = 4;

/**
 * Images as photographs are in the mean: colours near each other, and power that falls with the frequency. Each is a
 * mean colour and a few plane waves of low frequency, in pixels 0 … 255.
 *
 * @returns values laid out as [count, channels, size, size]
 */
export function smoothImages(count: number, channels: number, size: number, random: Random): Float32Array {
  const all = new Float32Array(count * channels * size * size);
  let at = 0;
  for (let n = 0; n < count; n++) {
    const light = random.uniform(60, 200);
    const parts = Array.from({ length: waves }, (_, k) => ({
      across: (2 * Math.PI * random.uniform(-1, 1) * (k + 1)) / size,
      down: (2 * Math.PI * random.uniform(-1, 1) * (k + 1)) / size,
      phase: random.uniform(0, 2 * Math.PI),
      height: random.uniform(10, 50) / (k + 1),
    }));
    for (let c = 0; c < channels; c++) {
      const tint = random.uniform(-30, 30);
      for (let y = 0; y < size; y++) {
        for (let x = 0; x < size; x++) {
          let value = light + tint;
          for (const { across, down, phase, height } of parts) {
            value += height * Math.cos(across * x + down * y + phase);
          }
          all[at++] = Math.round(Math.min(255, Math.max(0, value)));
        }
      }
    }
  }
  return all;
}
