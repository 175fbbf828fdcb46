import { attribute, scalarOf } from '@datafree/core';
import type { Node } from '@datafree/plugin';
import { changed, inputOf, type LiftRule, type LiftRules, without, write } from './rule.ts';

/** Clip: bounds were attributes before 11. */
const clip: LiftRule = (node, context) => {
  if (context.opset >= 11) return [node];
  const [x] = node.inputs;
  const dtype = context.dtypeOf(x);
  const bound = (name: 'min' | 'max', none: number): string | undefined => {
    const value = attribute.floatOf(node, name, none);
    const open = name === 'min' ? value <= none : value >= none;
    return open ? undefined : context.constant(`${node.outputs[0]}_${name}`, scalarOf(dtype, value));
  };
  return [changed(node, [x, bound('min', -largest), bound('max', largest)], without(node.attributes, 'min', 'max'))];
};

/** The largest float32: the bound that an absent attribute stood for. */
const largest = 3.4028234663852886e38;

/**
 * Softmax, LogSoftmax and Hardmax: before 13 the input was seen as a matrix, the axes from `axis` on being its
 * columns, and `axis` was 1 by default.
 */
const softmax: LiftRule = (node, context) => {
  if (context.opset >= 13) return [node];
  const [x] = node.inputs;
  const [y] = node.outputs;
  const axis = attribute.intOf(node, 'axis', 1);
  const rank = context.rankOf(x) ?? context.rankOf(y);
  const last = { axis: attribute.int(-1) };
  if (axis === -1 || axis + 1 === rank) return [{ ...node, attributes: last }];
  const names = ['shape', 'matrix', node.op].map((stem) => context.unused(`${y}_${stem}`)) as [string, string, string];
  return [
    write('Shape', [x], names[0]),
    write('Flatten', [x], names[1], { axis: attribute.int(axis) }),
    { ...node, inputs: [names[1]], outputs: [names[2]], attributes: last },
    write('Reshape', [names[2], names[0]], y as string),
  ];
};

/** Dropout does nothing to a network in use: its ratio and its training switch go. */
const dropout: LiftRule = (node) => [
  changed(node, [node.inputs[0]], without(node.attributes, 'ratio', 'seed', 'is_test')),
];

/** Swish, new in 24: `x · sigmoid(alpha · x)`. */
const swish: LiftRule = (node, context) => {
  const [x] = node.inputs;
  const y = node.outputs[0] as string;
  const alpha = attribute.floatOf(node, 'alpha', 1);
  const gate = context.unused(`${y}_gate`);
  const nodes: Node[] = [];
  let scaled = x;
  if (alpha !== 1) {
    scaled = context.unused(`${y}_scaled`);
    nodes.push(write('Mul', [x, context.constant(`${y}_alpha`, scalarOf(context.dtypeOf(x), alpha))], scaled));
  }
  return [
    ...nodes,
    write('Sigmoid', [scaled], gate),
    { ...write('Mul', [inputOf(node, 0), gate], y), name: node.name },
  ];
};

/** Rules of the activations. */
export const activationRules: LiftRules = {
  Clip: clip,
  Softmax: softmax,
  LogSoftmax: softmax,
  Hardmax: softmax,
  Dropout: dropout,
  Swish: swish,
};
