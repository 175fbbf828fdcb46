import { conv, type GraphBuilder, reshape, tensorOf, type Value } from '@datafree/core';

/**
 * Writes the correlation of every channel with one kernel, at the places where the kernel lies wholly inside.
 *
 * @param x [samples, channels, …size]
 * @param size lengths of the kernel along the spatial axes
 * @param kernel its weights, row-major
 */
export function stencil(b: GraphBuilder, x: Value, size: readonly number[], kernel: ArrayLike<number>): Value {
  const [samples = 1, channels = 1, ...spatial] = x.shape;
  const planes = reshape(b, x, [samples * channels, 1, ...spatial]);
  return conv(b, planes, b.constant(tensorOf('float32', [1, 1, ...size], kernel)));
}
