import type { Random } from '@datafree/core';

/**
 * Takes some elements of one array and the others of another (Wei et al. 2022, "QDrop").
 *
 * @param part of the elements that are taken from `some`, 0 … 1, in steps of 1/256
 */
export function mixElements(
  into: Float32Array,
  some: Float32Array,
  others: Float32Array,
  part: number,
  random: Random,
): void {
  const limit = Math.round(part * 256);
  if (limit === 0 || limit === 256) {
    into.set(limit === 0 ? others : some);
    return;
  }
  // Four decisions a draw: drawing is what takes the time.
  let bits = 0;
  for (let i = 0; i < into.length; i++) {
    bits = i % 4 === 0 ? random.integer(2 ** 32) : bits >>> 8;
    into[i] = ((bits & 255) < limit ? some[i] : others[i]) as number;
  }
}
