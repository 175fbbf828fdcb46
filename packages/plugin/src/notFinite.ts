import type { Tensor } from './tensor.ts';

/**
 * The first value in a tensor of samples that is NaN or infinite, and the sample that holds it, counted from 0. A loop
 * without calls: it stands beside every step of an optimisation.
 */
export function notFiniteIn({
  data,
  dims,
}: Tensor<'float32'>): { readonly sample: number; readonly value: number } | undefined {
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (!Number.isFinite(value)) return { sample: Math.floor((i * (dims[0] as number)) / data.length), value };
  }
  return undefined;
}
