import type { GraphBuilder } from '../../graph/builder.ts';
import { type InferContext, inferContextOf, type Operator, type Value } from '../../graph/operator.ts';
import { contentOf } from '../constant/content.ts';
import { normalizeAxis } from './axis.ts';
import { reshape } from './reshape.ts';

/** Inserts axes of size 1, so that they are the given axes of the result. */
export function unsqueeze(b: GraphBuilder, x: Value, axes: readonly number[]): Value {
  return b.op('Unsqueeze', [x, b.int64(axes)]);
}

/** Unsqueeze. Derivative: reshape back. */
export const unsqueezeOperator: Operator = {
  type: 'Unsqueeze',
  infer: (context) => [{ dtype: context.inputs[0]!.dtype, shape: widenedShape(context) }],
  gradient: ({ builder, inputs }, [dy]) => [reshape(builder, dy!, inputs[0]!.shape), undefined],
  evaluate: (context) => [{ ...context.inputs[0]!, dims: widenedShape(inferContextOf(context)) }],
};

function widenedShape(context: InferContext): number[] {
  const shape = [...context.inputs[0]!.shape];
  const axes = contentOf(context, 1, 'the axes');
  const rank = shape.length + axes.length;
  const sorted = axes.map((axis) => normalizeAxis(axis, rank)).sort((x, y) => x - y);
  for (const axis of sorted) shape.splice(axis, 0, 1);
  return shape;
}
