import { attribute, concat, numbersOf, pad, reshape, type Value } from '@datafree/core';
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
  return [layout.toPlain(whole, whole.shape[1]!)];
};

/** Slice along samples and places of an input that was computed in blocks. */
export const lowerSlice: Lowering = (layout, node, inputs) => {
  const [x, , , axes] = inputs as [Value, Value, Value, Value | undefined];
  const blocked = layout.blockedFormOf(x);
  const constant = layout.builder.constantOf(axes);
  if (blocked === undefined || constant === undefined) return undefined;
  if (Array.from(numbersOf(constant)).some((axis) => axis === 1 || axis < 0)) return undefined;
  return [onPlaces(layout, x, blocked, (view) => layout.builder.op(node.op, [view, ...inputs.slice(1)]))];
};

/** Pad with a constant around the places of an input that was computed in blocks. */
export const lowerPad: Lowering = (layout, node, inputs) => {
  const [x, pads, value, axes] = inputs as [Value, ...(Value | undefined)[]];
  const blocked = layout.blockedFormOf(x);
  const constant = layout.builder.constantOf(pads);
  if (blocked === undefined || constant === undefined || value !== undefined || axes !== undefined) return undefined;
  const list = Array.from(numbersOf(constant));
  if (list[1] !== 0 || list[5] !== 0 || stringOf(node, 'mode', 'constant') !== 'constant') return undefined;
  const wider = [...list.slice(0, 4), 0, ...list.slice(4), 0];
  return [onPlaces(layout, x, blocked, (view) => pad(layout.builder, view, wider))];
};

/** Applies `work` to the view [N, C' / block, H, W, block] of the blocked form of `x`. */
function onPlaces(layout: Layout, x: Value, blocked: Value, work: (view: Value) => Value): Value {
  const { builder: b, block } = layout;
  const [samples, channels, ...places] = blocked.shape as [number, number, number, number];
  const y = work(reshape(b, blocked, [samples, channels / block, ...places, block]));
  return layout.toPlain(reshape(b, y, [y.shape[0]!, channels, y.shape[2]!, y.shape[3]!]), x.shape[1]!);
}

/** A Reshape of one value a channel to [1, C, 1, 1]: written as it is, and remembered. */
export const lowerReshape: Lowering = (layout, node, inputs) => {
  const [x] = inputs as [Value];
  if (x.shape.length !== 1) return undefined;
  const y = layout.builder.op(node.op, inputs, node.attributes);
  if (String(y.shape) === String([1, x.shape[0], 1, 1])) layout.setVector(y, x);
  return [y];
};
