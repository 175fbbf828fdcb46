import { type Random, tensorOf } from '@datafree/core';
import type { Tensor } from '@datafree/plugin';

/**
 * Draws the matrix that mixes the samples of a batch in pairs: row i takes a part λ of sample i and 1 − λ of a random
 * partner, λ from Beta(a, a) (Zhang et al. 2018, "mixup").
 */
export function mixingMatrix(batch: number, concentration: number, random: Random): Tensor<'float32'> {
  const rows = new Float32Array(batch * batch);
  const partners = random.permutation(batch);
  for (let i = 0; i < batch; i++) {
    const share = beta(concentration, random);
    rows[i * batch + i] = (rows[i * batch + i] as number) + share;
    const partner = i * batch + (partners[i] as number);
    rows[partner] = (rows[partner] as number) + 1 - share;
  }
  return tensorOf('float32', [batch, batch], rows);
}

/** A draw from Beta(a, a), 0 < a ≤ 1 (Jöhnk 1964). */
function beta(a: number, random: Random): number {
  for (;;) {
    const left = random.uniform() ** (1 / a);
    const right = random.uniform() ** (1 / a);
    if (left + right > 0 && left + right <= 1) return left / (left + right);
  }
}
