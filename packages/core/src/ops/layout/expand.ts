import type { GraphBuilder } from '../../graph/builder.ts';
import { type InferContext, inferContextOf, type Operator, type Value } from '../../graph/operator.ts';
import { contentOf } from '../constant/content.ts';
import { broadcastShape, unbroadcast } from '../elementwise/broadcast.ts';
import { broadcastStrides, gatherView } from './strides.ts';

/** Broadcasts a value to a shape. */
export function expand(b: GraphBuilder, x: Value, shape: readonly number[]): Value {
  return String(x.shape) === String(shape) ? x : b.op('Expand', [x, b.int64(shape)]);
}

/** Expand. Derivative: the adjoint, summed over the broadcast axes. */
export const expandOperator: Operator = {
  type: 'Expand',
  infer: (context) => [{ dtype: context.inputs[0]!.dtype, shape: targetShape(context) }],
  gradient: ({ builder, inputs }, [dy]) => [unbroadcast(builder, dy!, inputs[0]!.shape), undefined],
  evaluate: (context) => {
    const x = context.inputs[0]!;
    const shape = targetShape(inferContextOf(context));
    return [gatherView(x, shape, broadcastStrides(x.dims, shape))];
  },
};

function targetShape(context: InferContext): number[] {
  return broadcastShape(context.inputs[0]!.shape, contentOf(context, 1, 'the target shape'));
}
