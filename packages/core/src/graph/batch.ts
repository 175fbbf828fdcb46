import type { Tensor, ValueInfo } from '@datafree/plugin';

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

/** A batch of the size that a graph is bound to: the samples of a smaller one are repeated. */
export function filledBatch(batch: Tensor<'float32'>, size: number): Tensor<'float32'> {
  const { dims, data } = batch;
  if (dims[0] === size) return batch;
  const whole = new Float32Array((data.length / (dims[0] as number)) * size);
  for (let at = 0; at < whole.length; at += data.length) {
    whole.set(data.subarray(0, Math.min(data.length, whole.length - at)), at);
  }
  return { dtype: 'float32', dims: [size, ...dims.slice(1)], data: whole };
}
