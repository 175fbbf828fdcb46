import type { Tensor } from '@datafree/plugin';
import { int, intOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import { type InferContext, inferContextOf, type Operator, type Value } from '../../graph/operator.ts';
import { elementCount, numbersOf, tensorOf } from '../../tensor.ts';
import { contentOf } from '../constant/content.ts';
import { normalizeAxis } from './axis.ts';

/** 1 where the position along a new axis of size `depth` equals the index, else 0; of type float32. */
export function oneHot(b: GraphBuilder, indices: Value, depth: number, axis = -1): Value {
  const values = b.constant(tensorOf('float32', [2], [0, 1]));
  return b.op('OneHot', [indices, b.scalar(depth, 'int64'), values], { axis: int(axis) });
}

/** OneHot. No derivative is written to its two values. */
export const oneHotOperator: Operator = {
  type: 'OneHot',
  infer: (context) => [{ dtype: context.inputs[2]!.dtype, shape: layout(context).shape }],
  evaluate: (context) => {
    const [indices, , values] = context.inputs as [Tensor, Tensor, Tensor];
    const { axis, depth, shape } = layout(inferContextOf(context));
    const [off, on] = numbersOf(values) as unknown as [number, number];
    const inner = elementCount(shape.slice(axis + 1));
    const result = new Float64Array(elementCount(shape)).fill(off);
    const picked = numbersOf(indices);
    for (let i = 0; i < picked.length; i++) {
      const index = picked[i] as number;
      if (index < -depth || index >= depth) continue;
      const outer = Math.floor(i / inner);
      result[(outer * depth + (index < 0 ? index + depth : index)) * inner + (i % inner)] = on;
    }
    return [tensorOf(values.dtype, shape, result)];
  },
};

function layout(context: InferContext): { axis: number; depth: number; shape: number[] } {
  const { shape } = context.inputs[0]!;
  const depth = contentOf(context, 1, 'the depth')[0]!;
  const axis = normalizeAxis(intOf(context.node, 'axis', -1), shape.length + 1);
  return { axis, depth, shape: [...shape.slice(0, axis), depth, ...shape.slice(axis)] };
}
