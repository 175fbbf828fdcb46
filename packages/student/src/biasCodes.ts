import { roundHalfEven } from '@datafree/core';

const largest = 2 ** 31 - 1;

/** A bias in whole steps, each of its own or all of one, as 32 bits hold them. */
export function biasCodes(bias: ArrayLike<number>, steps: ArrayLike<number>): Float64Array {
  return Float64Array.from(bias, (value, i) => {
    const code = roundHalfEven(value / (steps[i] ?? (steps[0] as number)));
    return Math.min(largest, Math.max(-largest, code));
  });
}
