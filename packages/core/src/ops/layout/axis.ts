import { DatafreeError } from '@datafree/plugin';

/** An axis counted from the front. @throws `attribute-invalid` when it is out of range */
export function normalizeAxis(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (positive < 0 || positive >= rank || !Number.isInteger(positive)) {
    throw new DatafreeError('attribute-invalid', `axis ${axis} is out of range for rank ${rank}.`);
  }
  return positive;
}

/** A list with the entry of one axis replaced. */
export function withEntry(list: readonly number[], axis: number, entry: number): number[] {
  return list.map((old, k) => (k === axis ? entry : old));
}

/** An index counted from the front. @throws `shape-mismatch` when it is out of range */
export function fromFront(index: number, size: number): number {
  const positive = index < 0 ? index + size : index;
  if (positive >= 0 && positive < size) return positive;
  throw new DatafreeError('shape-mismatch', `index ${index} is out of range for size ${size}.`);
}
