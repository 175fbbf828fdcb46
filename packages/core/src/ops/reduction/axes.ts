import { intOf } from '../../graph/attributes.ts';
import type { InferContext } from '../../graph/operator.ts';
import { contentIfGiven } from '../constant/content.ts';
import { normalizeAxis } from '../layout/axis.ts';

/** What a Reduce node reduces over: its axes (input 1, all when absent), and the shape that is left. */
export function reducedAxes(context: InferContext): { axes: number[]; keep: boolean; shape: number[] } {
  const { node, inputs } = context;
  const from = inputs[0]!.shape;
  const listed = (contentIfGiven(context, 1, 'the axes') ?? []).map((axis) => normalizeAxis(axis, from.length));
  const none = listed.length === 0 && intOf(node, 'noop_with_empty_axes', 0) === 1;
  const axes = listed.length > 0 || none ? listed : from.map((_, axis) => axis);
  const keep = intOf(node, 'keepdims', 1) === 1;
  const shape = keep
    ? from.map((size, axis) => (axes.includes(axis) ? 1 : size))
    : from.filter((_, axis) => !axes.includes(axis));
  return { axes, keep, shape };
}
