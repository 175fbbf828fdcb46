import type { Dim } from '@datafree/plugin';

/**
 * The shape of a graph input or output whose number of dimensions the file does not say. It is written back as no
 * shape at all.
 */
export const unknownRank: readonly Dim[] = ['...'];

/** True for {@link unknownRank}. */
export function hasUnknownRank(shape: readonly Dim[]): boolean {
  return shape.length === 1 && shape[0] === '...';
}
