import { elementCount, neg, reshape, type Value } from '@datafree/core';
import type { Node } from '@datafree/plugin';
import { channelAffine, ones } from './affine.ts';
import { activatedConv, scaledConv, summedConv } from './fuse.ts';
import type { Layout, Lowering } from './layout.ts';
import { loweredAffine, steppedAffine, windowedAffine } from './recomputed.ts';

/** Functions of single elements that are finite at 0, which the last block may be filled up with. */
const unary: ReadonlySet<string> = new Set([
  'Abs',
  'Ceil',
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
const binary: ReadonlySet<string> = new Set(['Add', 'Max', 'Min', 'Mul', 'Sub']);

/** A function of elements, on the blocks of inputs that were computed in blocks. */
export const lowerElementwise: Lowering = (layout, node, inputs) => {
  if (unary.has(node.op)) return lowerUnary(layout, node, inputs);
  return binary.has(node.op) ? lowerBinary(layout, node, inputs) : undefined;
};

/** A function of single elements, on the blocks of an input that was computed in blocks. */
function lowerUnary(layout: Layout, node: Node, inputs: readonly (Value | undefined)[]): Value[] | undefined {
  const [x, ...rest] = inputs as [Value, ...(Value | undefined)[]];
  const blocked = layout.blockedFormOf(x);
  if (blocked === undefined || rest.some((value) => value !== undefined && elementCount(value.shape) !== 1)) {
    return undefined;
  }
  const y =
    (node.op === 'Relu' && activatedConv(layout, blocked, 'Relu', [])) ||
    (node.op === 'HardSigmoid' && (steppedAffine(layout, blocked, node) ?? windowedAffine(layout, blocked, node))) ||
    (node.op === 'Abs' && layout.magnitude(blocked)) ||
    layout.builder.op(node.op, [blocked, ...rest], node.attributes);
  return [layout.toPlain(y, x.shape)];
}

/** A function of two elements: of two tensors, of a tensor and a scalar, or of a tensor and one value a channel. */
function lowerBinary(layout: Layout, node: Node, inputs: readonly (Value | undefined)[]): Value[] | undefined {
  const [left, right] = inputs as [Value, Value];
  if (inputs.length !== 2) return undefined;
  const [ofLeft, ofRight] = [layout.blockedFormOf(left), layout.blockedFormOf(right)];
  if (ofLeft === undefined && ofRight === undefined) return undefined;
  if (String(left.shape) === String(right.shape)) {
    if (!layout.canBlock(left) || !layout.canBlock(right)) return undefined;
    const operands = [layout.toBlocked(left), layout.toBlocked(right)] as const;
    return [layout.toPlain(combined(layout, node, operands), left.shape)];
  }
  if (ofLeft !== undefined) return withConstant(layout, node, left, ofLeft, right, false);
  return withConstant(layout, node, right, ofRight as Value, left, true);
}

function combined(layout: Layout, node: Node, operands: readonly [Value, Value]): Value {
  if (node.op === 'Mul') return layout.product(...operands);
  const sum = node.op === 'Add' ? summedConv(layout, operands) : undefined;
  return sum ?? layout.builder.op(node.op, operands);
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
  const fold = layout.foldOf(x.shape);
  if (other.shape.length > 4) return undefined;
  if (elementCount(other.shape) === 1) {
    const fused = withScalar(layout, node, blocked, other, swapped);
    return [layout.toPlain(fused ?? b.op(node.op, swapped ? [other, blocked] : [blocked, other]), x.shape)];
  }
  const shape = [...new Array<number>(4 - other.shape.length).fill(1), ...other.shape];
  if (shape[0] !== 1 || shape[1] !== channels || shape[2] !== 1 || shape[3] !== 1) return undefined;
  const each = layout.vectorOf(other) ?? reshape(b, other, [channels]);
  if (node.op === 'Mul') {
    const y = scaledConv(layout, blocked, each) ?? channelAffine(layout, blocked, fold, each, undefined);
    return [layout.toPlain(y, x.shape)];
  }
  const one = ones(layout, x);
  if (node.op === 'Add') return [layout.toPlain(channelAffine(layout, blocked, fold, one, each), x.shape)];
  if (node.op === 'Sub' && !swapped) {
    return [layout.toPlain(channelAffine(layout, blocked, fold, one, neg(b, each)), x.shape)];
  }
  return undefined;
}

/** A function of a tensor and a scalar as part of the Conv that computed the tensor. */
function withScalar(layout: Layout, node: Node, x: Value, scalar: Value, swapped: boolean): Value | undefined {
  if (node.op === 'Mul') return scaledConv(layout, x, scalar);
  const number = layout.builder.constantOf(scalar)?.data[0];
  if (node.op !== 'Sub' || swapped || number === undefined) return undefined;
  return loweredAffine(layout, x, Number(number));
}
