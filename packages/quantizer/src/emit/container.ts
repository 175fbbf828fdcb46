import { tensorOf } from '@datafree/core';
import type { DType, Tensor } from '@datafree/plugin';

/** Element types that weights of few bits are stored in: a byte each, or two a byte. */
export const containers = ['int8', 'int4', 'uint4'] as const;

/** A type in {@link containers}. */
export type Container = (typeof containers)[number];

/** True for a type of two codes a byte, which no integer kernel reads. */
export function isPacked(dtype: DType): boolean {
  return dtype === 'int4' || dtype === 'uint4';
}

/**
 * Codes, or their zero points, in a container. In `uint4` both are counted from its lowest code, so that the values that
 * they stand for stay the same.
 *
 * @param codes from -8 to 7 where the container is packed
 */
export function contained(codes: Int8Array, dims: readonly number[], container: Container): Tensor {
  return tensorOf(container, dims, container === 'uint4' ? codes.map((code) => code + 8) : codes);
}
