import { elementCount, type Random } from '@datafree/core';
import { contrasts } from '../estimate/contrast.ts';
import type { InputEstimate } from '../estimate/estimate.ts';
import { constantField } from '../estimate/field.ts';
import { addNoise } from '../estimate/noise.ts';
import type { InversionSettings } from '../settings.ts';
import { type SearchSpace, unitOf } from '../space/space.ts';

/** Where the samples of a batch start, in the search space: [batch, …shape]. */
export function startOf(
  { start, contrast = 0 }: Pick<InversionSettings, 'start' | 'contrast'>,
  space: SearchSpace,
  estimate: InputEstimate,
  batch: number,
  random: Random,
): Float32Array {
  if (start === 'normal') {
    const unit = random.normals(batch * elementCount(space.shape));
    return space.bounded ? unit.map((value) => Math.min(1, Math.max(0, value))) : unit;
  }
  const input = constantField(estimate.mean, space.shape, batch);
  // Apart from brightness only where it is to be scaled.
  const noise = contrast === 0 ? input : new Float32Array(input.length);
  for (const octave of estimate.octaves) {
    if (octave.variance === 0) continue;
    addNoise(octave.grain === Number.POSITIVE_INFINITY ? input : noise, space.shape, octave, random);
  }
  if (noise !== input) addScaled(input, noise, contrasts(batch, contrast, random));
  return unitOf(space, input);
}

/** Adds the noise of each sample to it, times its factor. */
function addScaled(input: Float32Array, noise: Float32Array, factors: Float32Array): void {
  const size = input.length / factors.length;
  factors.forEach((factor, n) => {
    for (let i = n * size; i < (n + 1) * size; i++) input[i] = (input[i] as number) + factor * (noise[i] as number);
  });
}
