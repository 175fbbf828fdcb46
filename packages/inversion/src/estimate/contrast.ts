import type { Random } from '@datafree/core';

/**
 * One factor a sample, log-normal, by which noise about a sample's brightness is scaled. The mean of their squares is 1, so
 * that the variance of all samples together stays what it is. Images are close to noise whose amplitude varies (Gaussian
 * scale mixtures: Wainwright and Simoncelli, "Scale Mixtures of Gaussians and the Statistics of Natural Images", 1999).
 *
 * @param spread standard deviation of the factors' natural logarithm, above 0
 */
export function contrasts(samples: number, spread: number, random: Random): Float32Array {
  return random.normals(samples, -(spread ** 2), spread).map(Math.exp);
}
