import { DatafreeError } from '@datafree/plugin';
import type { GraphBuilder } from '../../graph/builder.ts';
import { type InferContext, inferContextOf, type Operator, type Value } from '../../graph/operator.ts';
import { contentIfGiven } from '../constant/content.ts';
import { normalizeAxis } from './axis.ts';
import { reshape } from './reshape.ts';

/** Removes axes of size 1: those given, or all. */
export function squeeze(b: GraphBuilder, x: Value, axes?: readonly number[]): Value {
  return b.op('Squeeze', [x, axes && b.int64(axes)]);
}

/** Squeeze. Derivative: reshape back. */
export const squeezeOperator: Operator = {
  type: 'Squeeze',
  infer: (context) => [{ dtype: context.inputs[0]!.dtype, shape: squeezedShape(context) }],
  gradient: ({ builder, inputs }, [dy]) => [reshape(builder, dy!, inputs[0]!.shape), undefined],
  evaluate: (context) => [{ ...context.inputs[0]!, dims: squeezedShape(inferContextOf(context)) }],
};

function squeezedShape(context: InferContext): number[] {
  const { shape } = context.inputs[0]!;
  const given = contentIfGiven(context, 1, 'the axes')?.map((axis) => normalizeAxis(axis, shape.length));
  const wide = given?.find((axis) => shape[axis] !== 1);
  if (wide !== undefined) {
    throw new DatafreeError('shape-mismatch', `axis ${wide} of [${shape}] is not of size 1.`);
  }
  return shape.filter((size, axis) => (given === undefined ? size !== 1 : !given.includes(axis)));
}
