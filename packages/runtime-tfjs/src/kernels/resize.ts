import { attribute } from '@datafree/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { has, inexpressible, type Kernel, type KernelContext } from './kernel.ts';
import { take } from './layout.ts';

const { intOf, stringOf } = attribute;

const rounding: Readonly<Record<string, (at: number) => number>> = {
  round_prefer_floor: (at) => Math.ceil(at - 0.5),
  round_prefer_ceil: (at) => Math.floor(at + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** Where in the input the cell `i` of the output lies, along one axis (ONNX, `coordinate_transformation_mode`). */
function coordinate(mode: string, i: number, size: number, length: number, scale: number): number | undefined {
  if (mode === 'asymmetric') return i / scale;
  if (mode === 'half_pixel') return (i + 0.5) / scale - 0.5;
  if (mode === 'pytorch_half_pixel') return length > 1 ? (i + 0.5) / scale - 0.5 : 0;
  if (mode === 'align_corners') return length > 1 ? (i * (size - 1)) / (length - 1) : 0;
  if (mode === 'half_pixel_symmetric') {
    const adjusted = (size / 2) * (1 - length / (scale * size));
    return adjusted + (i + 0.5) / scale - 0.5;
  }
  return undefined;
}

/** Resize and the older Upsample, nearest and linear, axis by axis. */
export const resize: Kernel = (context) => {
  const { tf, node, types, input, outputs } = context;
  const mode = stringOf(node, 'mode', 'nearest');
  const transformation = stringOf(
    node,
    'coordinate_transformation_mode',
    node.op === 'Upsample' ? 'asymmetric' : 'half_pixel',
  );
  const nearest = rounding[stringOf(node, 'nearest_mode', node.op === 'Upsample' ? 'floor' : 'round_prefer_floor')];
  const policy = stringOf(node, 'keep_aspect_ratio_policy', 'stretch');
  if (policy !== 'stretch') throw inexpressible(context, `keep_aspect_ratio_policy "${policy}"`);
  if (nearest === undefined || intOf(node, 'antialias', 0) === 1) throw inexpressible(context, 'this form of resizing');
  if (mode !== 'nearest' && mode !== 'linear') throw inexpressible(context, `mode "${mode}"`);
  const scales = scalesOf(context);
  return types[0]!.shape.reduce<Tensor>((x, size, axis) => {
    const length = outputs[0]!.shape[axis]!;
    const scale = scales?.[axis] ?? length / size;
    if (length === size && scale === 1) return x;
    const at = Array.from({ length }, (_, i) => {
      const place = coordinate(transformation, i, size, length, scale);
      if (place === undefined) throw inexpressible(context, `coordinates of kind "${transformation}"`);
      return place;
    });
    const inside = (cell: number) => Math.min(Math.max(cell, 0), size - 1);
    if (mode === 'nearest')
      return take(
        tf,
        x,
        at.map((place) => inside(nearest(place))),
        axis,
      );
    const clamped = at.map(inside);
    const low = clamped.map(Math.floor);
    const shape = x.shape.map((_, other) => (other === axis ? length : 1));
    const weight = tf.tensor(
      clamped.map((place, i) => place - low[i]!),
      shape,
    );
    const left = take(tf, x, low, axis);
    const right = take(
      tf,
      x,
      low.map((cell) => inside(cell + 1)),
      axis,
    );
    return tf.add(left, tf.mul(tf.sub(right, left), weight));
  }, input(0));
};

/** The given factor of each axis, if factors are what is given. */
function scalesOf(context: KernelContext): (number | undefined)[] | undefined {
  const { node, types } = context;
  const index = node.op === 'Upsample' ? 1 : 2;
  if (!has(context, index)) return undefined;
  const given = context.content(index);
  if (given.length === 0) return undefined;
  const axes = node.attributes.axes === undefined ? given.map((_, axis) => axis) : attribute.intsOf(node, 'axes');
  const scales = new Array<number | undefined>(types[0]!.shape.length).fill(1);
  axes.forEach((axis, i) => {
    scales[axis < 0 ? axis + scales.length : axis] = given[i];
  });
  return scales;
}
