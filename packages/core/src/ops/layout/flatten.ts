import type { Node } from '@datafree/plugin';
import { int, intOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { elementCount } from '../../tensor.ts';
import { reshape } from './reshape.ts';

/** The axes before `axis` as one, and those from it as another. */
export function flatten(b: GraphBuilder, x: Value, axis = 1): Value {
  return b.op('Flatten', [x], { axis: int(axis) });
}

/** Flatten. Derivative: reshape back. */
export const flattenOperator: Operator = {
  type: 'Flatten',
  infer: ({ node, inputs }) => [{ dtype: inputs[0]!.dtype, shape: flatShape(node, inputs[0]!.shape) }],
  gradient: ({ builder, inputs }, [dy]) => [reshape(builder, dy!, inputs[0]!.shape)],
  evaluate: ({ node, inputs }) => [{ ...inputs[0]!, dims: flatShape(node, inputs[0]!.dims) }],
};

function flatShape(node: Node, shape: readonly number[]): number[] {
  const axis = intOf(node, 'axis', 1);
  const split = axis < 0 ? axis + shape.length : axis;
  return [elementCount(shape.slice(0, split)), elementCount(shape.slice(split))];
}
