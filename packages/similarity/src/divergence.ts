/** Variances below this count as this, so that a channel that never varies gives a finite divergence. */
const smallestVariance = 1e-8;

/**
 * Kullback–Leibler divergence of one normal distribution from another,
 * `KL(N(m, v) ‖ N(M, V)) = ½ (v/V − 1 − ln(v/V) + (m − M)²/V)`, in nats; 0 when they are equal.
 *
 * @param shift `m − M`
 * @param variance `v`, of the data
 * @param reference `V`, of the network
 */
export function gaussianDivergence(shift: number, variance: number, reference: number): number {
  const v = Math.max(variance, smallestVariance);
  const r = Math.max(reference, smallestVariance);
  const excess = v / r - 1;
  return 0.5 * (excess - Math.log1p(excess) + (shift * shift) / r);
}
