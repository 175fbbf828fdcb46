import { intOf } from '../../graph/attributes.ts';
import type { InferContext, Operator } from '../../graph/operator.ts';
import { int64Of } from '../../tensor.ts';

/** Shape, with its `start` and `end`. Always known, since shapes are concrete here. */
export const shapeOperator: Operator = {
  type: 'Shape',
  infer: (context) => [{ dtype: 'int64', shape: [slice(context).length] }],
  known: (context) => [int64Of(slice(context))],
};

function slice({ node, inputs }: InferContext): readonly number[] {
  const { shape } = inputs[0]!;
  return shape.slice(intOf(node, 'start', 0), intOf(node, 'end', shape.length));
}
