import { add, attribute, mul, sub, tensorOf, type Value } from '@datafree/core';
import type { Node } from '@datafree/plugin';
import type { Layout, WrittenConv } from './layout.ts';

/*
 * The mask of an activation is computed long after the activation, which would be kept until then. Where the activation
 * follows a factor and a shift a channel, these are applied once more instead: what they apply to is kept for other
 * reasons most often, and the pass over it costs what the pass over the activation would.
 */

/** A number less than what a map of the channels, and its Relu or Clip, made. */
export function loweredAffine(layout: Layout, x: Value, number: number): Value | undefined {
  const conv = affineOf(layout, x);
  const bounds = conv && boundsOf(conv);
  if (conv === undefined || bounds === undefined) return undefined;
  const { builder: b } = layout;
  const [input, factors] = conv.inputs as [Value, Value];
  const attributes = {
    ...conv.attributes,
    ...(activationOf(conv) !== undefined && {
      activation: attribute.string('Clip'),
      activation_params: attribute.floats(bounds.map((bound) => bound - number)),
    }),
  };
  return layout.conv({ ...conv, inputs: [input, factors, sub(b, shiftsOf(layout, conv), number)], attributes });
}

/** A HardSigmoid of what a map of the channels, and its Relu, made, where that does nothing to it. */
export function steppedAffine(layout: Layout, x: Value, node: Node): Value | undefined {
  const conv = affineOf(layout, x);
  const [alpha, beta] = [attribute.floatOf(node, 'alpha', 0.2), attribute.floatOf(node, 'beta', 0.5)];
  if (conv === undefined || alpha <= 0 || beta > 0) return undefined;
  const activation = activationOf(conv);
  if (activation !== undefined && activation !== 'Relu') return undefined;
  const attributes = {
    ...conv.attributes,
    activation: attribute.string('HardSigmoid'),
    activation_params: attribute.floats([alpha, beta]),
  };
  return layout.conv({ ...conv, attributes });
}

/** Takes a value that is over a bound by its last bit below the other bound: a power of two, which is exact. */
const steep = 2 ** 30;
/** The least that single precision has. */
const lowest = -(2 - 2 ** -23) * 2 ** 127;

/**
 * 1 where the absolute values of a map of the channels are below a bound, else 0, where they are asked for by a
 * HardSigmoid: what is over the bound is subtracted many times over, so that one HardSigmoid sees both bounds.
 */
export function windowedAffine(layout: Layout, x: Value, node: Node): Value | undefined {
  const inner = layout.magnitudeOf(x);
  const conv = inner && affineOf(layout, inner);
  const bounds = conv && boundsOf(conv);
  const [alpha, beta] = [attribute.floatOf(node, 'alpha', 0.2), attribute.floatOf(node, 'beta', 0.5)];
  const reach = beta / -alpha;
  if (conv === undefined || bounds === undefined || alpha > -steep || reach <= 0) return undefined;
  if (bounds[0]! > -reach || bounds[1]! < reach) return undefined;
  const { builder: b } = layout;
  const [input, factors] = conv.inputs as [Value, Value];
  const shifts = shiftsOf(layout, conv);
  const activated = (name: string, parameters: readonly number[]) => ({
    ...conv.attributes,
    activation: attribute.string(name),
    activation_params: attribute.floats(parameters),
  });
  const over = layout.conv({
    ...conv,
    inputs: [input, mul(b, factors, -steep), mul(b, sub(b, shifts, reach * (1 - 2 ** -23)), -steep)],
    attributes: activated('Clip', [lowest, 0]),
  });
  return layout.conv({
    ...conv,
    inputs: [input, factors, add(b, shifts, reach), over],
    attributes: activated('HardSigmoid', [-alpha, 0]),
  });
}

/** What a map of the channels adds: zeros where it adds nothing. */
function shiftsOf({ builder: b }: Layout, { inputs: [, factors, shifts] }: WrittenConv): Value {
  return shifts ?? b.constant(tensorOf('float32', [factors!.shape[0]!], []));
}

/** The Conv that made a value if it was one factor and one shift a channel, which have no strides, and an activation. */
function affineOf(layout: Layout, x: Value): WrittenConv | undefined {
  const conv = layout.convOf(x);
  if (conv === undefined || conv.inputs[3] !== undefined || conv.attributes.strides !== undefined) return undefined;
  const [, depth, ...kernel] = (conv.inputs[1] as Value).shape;
  return depth === 1 && kernel.every((size) => size === 1) ? conv : undefined;
}

function activationOf(conv: WrittenConv): string | undefined {
  const { activation } = conv.attributes;
  return activation?.type === 'string' ? activation.value : undefined;
}

/** The least and the greatest that a Conv's activation lets through. */
function boundsOf(conv: WrittenConv): readonly number[] | undefined {
  const { activation_params: parameters } = conv.attributes;
  const activation = activationOf(conv);
  if (activation === undefined) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  if (activation === 'Relu') return [0, Number.POSITIVE_INFINITY];
  return activation === 'Clip' && parameters?.type === 'floats' ? parameters.value : undefined;
}
