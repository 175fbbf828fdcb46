import type { ValueInfo } from '@datafree/plugin';

/** Sizes of the free dimensions of the network input for `batch` samples. */
export function batchSizes(input: ValueInfo, batch: number): Readonly<Record<string, number>> {
  const free = input.shape[0];
  return typeof free === 'string' ? { [free]: batch } : {};
}

/** The batch size that the network is fixed to, if it is. */
export function fixedBatch(input: ValueInfo): number | undefined {
  const size = input.shape[0];
  return typeof size === 'number' ? size : undefined;
}
