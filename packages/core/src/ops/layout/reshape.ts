import { DatafreeError } from '@datafree/plugin';
import { intOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import { type InferContext, inferContextOf, type Operator, type Value } from '../../graph/operator.ts';
import { elementCount } from '../../tensor.ts';
import { contentOf } from '../constant/content.ts';

/** The same elements in another shape. */
export function reshape(b: GraphBuilder, x: Value, shape: readonly number[]): Value {
  return String(x.shape) === String(shape) ? x : b.op('Reshape', [x, b.int64(shape)]);
}

/** Reshape: one dimension may be −1, and 0 copies the input's unless `allowzero`. Derivative: reshape back. */
export const reshapeOperator: Operator = {
  type: 'Reshape',
  infer: (context) => [{ dtype: context.inputs[0]!.dtype, shape: targetShape(context) }],
  gradient: ({ builder, inputs }, [dy]) => [reshape(builder, dy!, inputs[0]!.shape), undefined],
  evaluate: (context) => [{ ...context.inputs[0]!, dims: targetShape(inferContextOf(context)) }],
};

function targetShape(context: InferContext): number[] {
  const from = context.inputs[0]!.shape;
  const wanted = contentOf(context, 1, 'the target shape');
  const keepZero = intOf(context.node, 'allowzero', 0) === 1;
  const shape = wanted.map((size, axis) => (size === 0 && !keepZero ? (from[axis] ?? 0) : size));
  const free = shape.indexOf(-1);
  const total = elementCount(from);
  if (free >= 0) {
    const others = shape.reduce((product, size, axis) => (axis === free ? product : product * size), 1);
    shape[free] = others === 0 ? 0 : total / others;
  }
  if (elementCount(shape) !== total || !shape.every((size) => Number.isInteger(size) && size >= 0)) {
    throw new DatafreeError('shape-mismatch', `[${from}] cannot take the shape [${wanted}].`);
  }
  return shape;
}
