import { add, attribute, div, mul, neg, reshape, sqrt, sub, tensorOf, type Value } from '@datafree/core';
import type { Node } from '@datafree/plugin';
import type { Layout } from './layout.ts';
import { reducedPlaces } from './reduction.ts';

const { attributes, floatOf, int, intOf, ints } = attribute;

/**
 * `scale · x + shift` on blocks with one value a channel, as a depthwise 1 × 1 convolution.
 *
 * @param fold samples that share a block
 */
export function channelAffine(layout: Layout, x: Value, fold: number, scale: Value, shift: Value | undefined): Value {
  const { builder: b } = layout;
  const factors = layout.channels(scale, fold);
  const size = factors.shape[0]!;
  const filter = reshape(b, factors, [size, 1, 1, 1]);
  const inputs = shift === undefined ? [x, filter] : [x, filter, layout.channels(shift, fold)];
  return layout.conv({ inputs, attributes: attributes({ group: int(size), kernel_shape: ints([1, 1]) }), fold });
}

/** A BatchNormalization that does not follow the batch, on blocks. */
export function lowerBatchNormalization(
  layout: Layout,
  node: Node,
  inputs: readonly (Value | undefined)[],
): Value[] | undefined {
  const [x, scale, shift, mean, variance] = inputs as [Value, Value, Value, Value, Value];
  if (!layout.canBlock(x)) return undefined;
  const { builder: b } = layout;
  const epsilon = floatOf(node, 'epsilon', 1e-5);
  if (intOf(node, 'training_mode', 0) === 1) return followingBatch(layout, node, inputs as readonly Value[]);
  const factor = isAll(layout, variance, 1 - epsilon) ? scale : div(b, scale, sqrt(b, add(b, variance, epsilon)));
  const offset = isAll(layout, mean, 0) ? shift : sub(b, shift, mul(b, mean, factor));
  return [layout.toPlain(channelAffine(layout, layout.toBlocked(x), layout.foldOf(x.shape), factor, offset), x.shape)];
}

/** A BatchNormalization by the statistics of the batch, which its running statistics follow, on blocks. */
function followingBatch(layout: Layout, node: Node, inputs: readonly Value[]): Value[] {
  const { builder: b } = layout;
  const [x, scale, shift, ...running] = inputs as [Value, Value, Value, Value, Value];
  const momentum = floatOf(node, 'momentum', 0.9);
  const blocked = layout.toBlocked(x);
  const fold = layout.foldOf(x.shape);
  const channelMean = (values: Value) => reducedPlaces(layout, 'ReduceMean', x, values, true, [x.shape[1]!]);
  const mean = channelMean(blocked);
  // The derivative asks for the centred tensor too, and finds this one.
  const centred = channelAffine(layout, blocked, fold, ones(layout, x), neg(b, mean));
  const variance = channelMean(mul(b, centred, centred));
  const factor = div(b, scale, sqrt(b, add(b, variance, floatOf(node, 'epsilon', 1e-5))));
  const y = channelAffine(layout, centred, fold, factor, shift);
  const follow = (old: Value, batch: Value) =>
    momentum === 0 ? batch : add(b, mul(b, old, momentum), mul(b, batch, 1 - momentum));
  return [layout.toPlain(y, x.shape), follow(running[0], mean), follow(running[1], variance)];
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
