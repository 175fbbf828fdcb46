import { add, attribute, div, mul, reshape, sqrt, sub, tensorOf, type Value } from '@datafree/core';
import type { Node } from '@datafree/plugin';
import type { Layout } from './layout.ts';

const { attributes, floatOf, int, intOf, ints } = attribute;

/** `scale · x + shift` on blocks with one value a channel, as a depthwise 1 × 1 convolution. */
export function channelAffine(layout: Layout, x: Value, scale: Value, shift: Value | undefined): Value {
  const { builder: b } = layout;
  const factors = layout.channels(scale);
  const size = factors.shape[0]!;
  const filter = reshape(b, factors, [size, 1, 1, 1]);
  const inputs = shift === undefined ? [x, filter] : [x, filter, layout.channels(shift)];
  return layout.conv(inputs, attributes({ group: int(size), kernel_shape: ints([1, 1]) }));
}

/** A BatchNormalization that does not follow the batch, on blocks. */
export function lowerBatchNormalization(
  layout: Layout,
  node: Node,
  inputs: readonly (Value | undefined)[],
): Value[] | undefined {
  const [x, scale, shift, mean, variance] = inputs as [Value, Value, Value, Value, Value];
  if (intOf(node, 'training_mode', 0) === 1 || !layout.canBlock(x)) return undefined;
  const { builder: b } = layout;
  const epsilon = floatOf(node, 'epsilon', 1e-5);
  const factor = isAll(layout, variance, 1 - epsilon) ? scale : div(b, scale, sqrt(b, add(b, variance, epsilon)));
  const offset = isAll(layout, mean, 0) ? shift : sub(b, shift, mul(b, mean, factor));
  return [layout.toPlain(channelAffine(layout, layout.toBlocked(x), factor, offset), x.shape[1]!)];
}

/** A vector of ones for each channel of `x`. */
export function ones(layout: Layout, x: Value): Value {
  const channels = x.shape[1]!;
  return layout.builder.constant(tensorOf(x.dtype, [channels], new Float32Array(channels).fill(1)));
}

function isAll(layout: Layout, values: Value, wanted: number): boolean {
  const constant = layout.builder.constantOf(values);
  return constant !== undefined && Array.from(constant.data as Float32Array).every((value) => value === wanted);
}
