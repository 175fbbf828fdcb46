import { add, sub, type Value } from '@datafree/core';
import { activatedConv } from './fuse.ts';
import type { Lowering } from './layout.ts';

/** A Clip, whose bounds are remembered. */
export const lowerClip: Lowering = (layout, node, inputs) => {
  const [x, low, high] = inputs as [Value, Value | undefined, Value | undefined];
  const { builder: b } = layout;
  const blocked = layout.blockedFormOf(x);
  const bounds = [low, high].map((bound) => Number(b.constantOf(bound)?.data[0]));
  const known = !bounds.some(Number.isNaN);
  const fused = known && blocked ? activatedConv(layout, blocked, 'Clip', bounds) : undefined;
  const clipped = fused ?? b.op(node.op, [blocked ?? x, low, high]);
  const y = blocked === undefined ? clipped : layout.toPlain(clipped, x.shape);
  if (known) layout.setBound(y, Math.max(...bounds.map(Math.abs)));
  return [y];
};

/** 1.5 · 2²³: a float32 this large has no binary places left, so adding it rounds to the nearest whole number. */
const shifter = 12_582_912;

/**
 * Round of what a Clip has bounded, by adding and subtracting a large number: rounds half to even as Round does, and
 * runs vectorised and in parallel, which onnxruntime's Round does not.
 */
export const lowerRound: Lowering = (layout, _node, [x]) => {
  const bound = x && layout.boundOf(x);
  if (x === undefined || bound === undefined || bound > 2 ** 21 || x.dtype !== 'float32') return undefined;
  const { builder: b } = layout;
  const blocked = layout.blockedFormOf(x);
  const rounded = sub(b, add(b, blocked ?? x, shifter), shifter);
  return [blocked === undefined ? rounded : layout.toPlain(rounded, x.shape)];
};
