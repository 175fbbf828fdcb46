import type { Tensor } from '@datafree/plugin';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { elementCount, tensorOf } from '../tensor.ts';

/** Uniform float32 values between `low` and `high`; the same seed gives the same values. */
export function uniformTensor(dims: readonly number[], seed = 1, low = -1, high = 1): Tensor<'float32'> {
  const next = uniform(seed);
  return tensorOf(
    'float32',
    dims,
    Float64Array.from({ length: elementCount(dims) }, () => low + (high - low) * next()),
  );
}

/**
 * Float32 values around 0 in random order, any two at least `gap` apart and none closer than `gap / 2` to 0: for
 * operators with kinks at ties or at 0.
 */
export function distinctTensor(dims: readonly number[], seed = 1, gap = 0.05): Tensor<'float32'> {
  const next = uniform(seed);
  const count = elementCount(dims);
  const values = Array.from({ length: count }, (_, i) => (i - Math.ceil(count / 2) + 0.5) * gap);
  for (let i = count - 1; i > 0; i--) {
    const other = Math.floor(next() * (i + 1));
    [values[i], values[other]] = [values[other] as number, values[i] as number];
  }
  return tensorOf('float32', dims, values);
}

/** A source of numbers from 0 to 1 (1 excluded). */
function uniform(seed: number): () => number {
  const generator = xoroshiro128plus(seed);
  return () => (generator.next() >>> 0) / 2 ** 32;
}
