import { attribute, concat, numbersOf, pad, reshape, tensorOf, type Value } from '@datafree/core';
import { blockedConvolution } from './convolution.ts';
import type { Layout, Lowering } from './layout.ts';

const { intOf, stringOf } = attribute;

/** Concat along the channels of inputs that were computed in whole blocks. */
export const lowerConcat: Lowering = (layout, node, inputs) => {
  const values = inputs as readonly Value[];
  const axis = intOf(node, 'axis');
  if (values[0]!.shape.length !== 4 || (axis !== 1 && axis !== -3)) return undefined;
  const blocked = values.map((value) => layout.blockedFormOf(value));
  if (blocked.includes(undefined) || values.some((value) => value.shape[1]! % layout.block !== 0)) return undefined;
  const whole = concat(layout.builder, blocked as Value[], 1);
  return [layout.toPlain(whole, whole.shape)];
};

/** Slice along samples and places of an input that was computed in blocks. */
export const lowerSlice: Lowering = (layout, node, inputs) => {
  const [x, , , axes] = inputs as [Value, Value, Value, Value | undefined];
  const blocked = layout.blockedFormOf(x);
  const constant = layout.builder.constantOf(axes);
  if (blocked === undefined || constant === undefined) return undefined;
  const list = Array.from(numbersOf(constant));
  if (list.some((axis) => axis === 1 || axis < 0)) return undefined;
  if (list.includes(0) && layout.foldOf(x.shape) > 1) return undefined;
  return [onPlaces(layout, x, blocked, (view) => layout.builder.op(node.op, [view, ...inputs.slice(1)]))];
};

/** Pad with zeros of an input that was computed in blocks: around its places, or of its channels. */
export const lowerPad: Lowering = (layout, node, inputs) => {
  const [x, pads, value, axes] = inputs as [Value, ...(Value | undefined)[]];
  const blocked = layout.blockedFormOf(x);
  const constant = layout.builder.constantOf(pads);
  if (blocked === undefined || constant === undefined || value !== undefined || axes !== undefined) return undefined;
  if (stringOf(node, 'mode', 'constant') !== 'constant') return undefined;
  const list = Array.from(numbersOf(constant));
  const [before, after] = [list[1]!, list[5]!];
  if (before !== 0 || after !== 0) {
    const others = list.some((size, i) => size !== 0 && i % 4 !== 1);
    return others ? undefined : movedChannels(layout, x, before, after);
  }
  if ((list[0] !== 0 || list[4] !== 0) && layout.foldOf(x.shape) > 1) return undefined;
  const wider = [...list.slice(0, 4), 0, ...list.slice(4), 0];
  return [onPlaces(layout, x, blocked, (view) => pad(layout.builder, view, wider))];
};

/** More channels cost more to multiply with zeros than to move. */
const mostChannels = 64;

/** Channels with zeros around them, or without the outer ones, by a 1 × 1 convolution that picks each one. */
function movedChannels(layout: Layout, x: Value, before: number, after: number): Value[] | undefined {
  const [depth, filters] = [x.shape[1]!, x.shape[1]! + before + after];
  if (depth > mostChannels || filters < 1) return undefined;
  const picks = new Float32Array(filters * depth);
  for (let i = Math.max(0, before); i < Math.min(filters, depth + before); i++) picks[i * depth + i - before] = 1;
  const w = layout.builder.constant(tensorOf('float32', [filters, depth, 1, 1], picks));
  const y = blockedConvolution(layout, x, w, undefined, {
    strides: [1, 1],
    dilations: [1, 1],
    pads: [0, 0, 0, 0],
    group: 1,
  });
  return y && [y];
}

/** Applies `work` to the view [N, C' / block, H, W, block] of the blocked form of `x`. */
function onPlaces(layout: Layout, x: Value, blocked: Value, work: (view: Value) => Value): Value {
  const { builder: b, block } = layout;
  const [samples, channels, ...places] = blocked.shape as [number, number, number, number];
  const y = work(reshape(b, blocked, [samples, channels / block, ...places, block]));
  const fold = layout.foldOf(x.shape);
  const plain = [fold * y.shape[0]!, x.shape[1]!];
  return layout.toPlain(reshape(b, y, [y.shape[0]!, channels, y.shape[2]!, y.shape[3]!]), plain);
}

/** A Reshape of one value a channel to [1, C, 1, 1]: written as it is, and remembered. */
export const lowerReshape: Lowering = (layout, node, inputs) => {
  const [x] = inputs as [Value];
  if (x.shape.length !== 1) return undefined;
  const y = layout.builder.op(node.op, inputs, node.attributes);
  if (String(y.shape) === String([1, x.shape[0], 1, 1])) layout.setVector(y, x);
  return [y];
};
