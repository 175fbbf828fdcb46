import { attribute, elementCount, mul, reshape, type Value } from '@datafree/core';
import type { Layout, WrittenConv } from './layout.ts';

/*
 * What follows a Conv on blocks becomes part of it where nobody else reads its result: the Conv is written once more,
 * with more in it, and the first one goes away unread.
 */

/** The sum of two blocked values as part of the Conv that computed one of them. */
export function summedConv(layout: Layout, operands: readonly [Value, Value]): Value | undefined {
  for (const [i, operand] of operands.entries()) {
    const conv = layout.convOf(operand);
    if (conv === undefined || !isOpen(layout, operand, conv)) continue;
    const [x, w, bias] = conv.inputs;
    const sum = layout.regrouped(operands[1 - i]!, conv.readFold ?? conv.fold, conv.fold);
    return layout.conv({ ...conv, inputs: [x, w, bias, sum] });
  }
  return undefined;
}

/** An activation as part of the Conv that computed its input. */
export function activatedConv(
  layout: Layout,
  x: Value,
  activation: 'Relu' | 'Clip',
  parameters: readonly number[],
): Value | undefined {
  const conv = layout.convOf(x);
  if (conv === undefined || conv.attributes.activation !== undefined || layout.isShared(x)) return undefined;
  const attributes = {
    ...conv.attributes,
    activation: attribute.string(activation),
    ...(parameters.length > 0 && { activation_params: attribute.floats(parameters) }),
  };
  return layout.conv({ ...conv, attributes });
}

/**
 * One factor, or one a channel, as part of the filter of the Conv that computed the value, or that computed a factor of
 * it: the step of a quantiser, the derivative of BatchNormalization behind the mask of an activation.
 */
export function scaledConv(layout: Layout, x: Value, factors: Value): Value | undefined {
  if (layout.isShared(x)) return undefined;
  const product = layout.factorsOf(x);
  if (product !== undefined) {
    const [left, right] = product;
    const scaled = scaledConv(layout, left, factors);
    if (scaled !== undefined) return layout.product(scaled, right);
    const other = scaledConv(layout, right, factors);
    return other && layout.product(left, other);
  }
  const conv = layout.convOf(x);
  if (conv === undefined || !isOpen(layout, x, conv)) return undefined;
  const { builder: b, block } = layout;
  const [input, filter, bias] = conv.inputs as [Value, Value, Value | undefined];
  const scaledBy = (scaled: Value, each: Value) =>
    layout.conv({ ...conv, inputs: bias === undefined ? [input, scaled] : [input, scaled, mul(b, bias, each)] });
  if (elementCount(factors.shape) === 1) {
    const factor = reshape(b, factors, []);
    return scaledBy(mul(b, filter, factor), factor);
  }
  const padded = layout.channels(factors, conv.fold);
  const blocks = padded.shape[0]! / block;
  // In either order of the filter the blocks of its results come first and their channels last.
  const rows = reshape(b, filter, [blocks, elementCount(filter.shape) / padded.shape[0]!, block]);
  const scaled = reshape(b, mul(b, rows, reshape(b, padded, [blocks, 1, block])), filter.shape);
  return scaledBy(scaled, padded);
}

/** Whether a Conv can take more in: nothing is added to its result yet and nobody else reads it. */
function isOpen(layout: Layout, value: Value, conv: WrittenConv): boolean {
  return conv.inputs[3] === undefined && conv.attributes.activation === undefined && !layout.isShared(value);
}
