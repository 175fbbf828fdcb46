import { elementCount, neg, reshape, type Value } from '@datafree/core';
import type { Node } from '@datafree/plugin';
import { channelAffine, ones } from './affine.ts';
import type { Layout } from './layout.ts';

/** Functions of single elements that are finite at 0, which the last block may be filled up with. */
export const unary: ReadonlySet<string> = new Set([
  'Abs',
  'Ceil',
  'Clip',
  'Elu',
  'Erf',
  'Floor',
  'HardSigmoid',
  'LeakyRelu',
  'Neg',
  'Relu',
  'Round',
  'Selu',
  'Sigmoid',
  'Sign',
  'Softplus',
  'Tanh',
]);

/** Functions of two elements that are finite at 0. */
export const binary: ReadonlySet<string> = new Set(['Add', 'Max', 'Min', 'Mul', 'Sub']);

/** A function of single elements, on the blocks of an input that was computed in blocks. */
export function lowerUnary(layout: Layout, node: Node, inputs: readonly (Value | undefined)[]): Value[] | undefined {
  const [x, ...rest] = inputs as [Value, ...(Value | undefined)[]];
  const blocked = layout.blockedFormOf(x);
  if (blocked === undefined || rest.some((value) => value !== undefined && elementCount(value.shape) !== 1)) {
    return undefined;
  }
  const y = layout.builder.op(node.op, [blocked, ...rest], node.attributes);
  return [layout.toPlain(y, x.shape[1]!)];
}

/** A function of two elements: of two tensors, of a tensor and a scalar, or of a tensor and one value a channel. */
export function lowerBinary(layout: Layout, node: Node, inputs: readonly (Value | undefined)[]): Value[] | undefined {
  const [left, right] = inputs as [Value, Value];
  if (inputs.length !== 2) return undefined;
  const { builder: b } = layout;
  const [ofLeft, ofRight] = [layout.blockedFormOf(left), layout.blockedFormOf(right)];
  if (ofLeft === undefined && ofRight === undefined) return undefined;
  if (String(left.shape) === String(right.shape)) {
    const operands = [layout.toBlocked(left), layout.toBlocked(right)] as const;
    return [layout.toPlain(withSum(layout, node, operands) ?? b.op(node.op, operands), left.shape[1]!)];
  }
  if (ofLeft !== undefined) return withConstant(layout, node, left, ofLeft, right, false);
  return withConstant(layout, node, right, ofRight as Value, left, true);
}

/** The sum of two tensors as part of the Conv that computed one of them. */
function withSum(layout: Layout, node: Node, operands: readonly [Value, Value]): Value | undefined {
  if (node.op !== 'Add') return undefined;
  for (const [i, operand] of operands.entries()) {
    const conv = layout.convOf(operand);
    if (conv === undefined || conv.inputs[3] !== undefined || layout.isShared(operand)) continue;
    const [x, w, bias] = conv.inputs;
    return layout.conv([x, w, bias, operands[1 - i]], conv.attributes);
  }
  return undefined;
}

/** A tensor and a scalar, or one value a channel. */
function withConstant(
  layout: Layout,
  node: Node,
  x: Value,
  blocked: Value,
  other: Value,
  swapped: boolean,
): Value[] | undefined {
  const { builder: b } = layout;
  const channels = x.shape[1]!;
  if (other.shape.length > 4) return undefined;
  if (elementCount(other.shape) === 1) {
    const y = b.op(node.op, swapped ? [other, blocked] : [blocked, other]);
    return [layout.toPlain(y, channels)];
  }
  const shape = [...new Array<number>(4 - other.shape.length).fill(1), ...other.shape];
  if (shape[0] !== 1 || shape[1] !== channels || shape[2] !== 1 || shape[3] !== 1) return undefined;
  const each = reshape(b, other, [channels]);
  if (node.op === 'Mul') return [layout.toPlain(channelAffine(layout, blocked, each, undefined), channels)];
  const one = ones(layout, x);
  if (node.op === 'Add') return [layout.toPlain(channelAffine(layout, blocked, one, each), channels)];
  if (node.op === 'Sub' && !swapped) {
    return [layout.toPlain(channelAffine(layout, blocked, one, neg(b, each)), channels)];
  }
  return undefined;
}
