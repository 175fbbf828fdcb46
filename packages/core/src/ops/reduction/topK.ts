import type { Node } from '@datafree/plugin';
import { DatafreeError } from '@datafree/plugin';
import { int, intOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import { type InferContext, inferContextOf, type Operator, type TensorType, type Value } from '../../graph/operator.ts';
import { elementCount, numbersOf, tensorOf } from '../../tensor.ts';
import { contentOf } from '../constant/content.ts';
import { normalizeAxis, withEntry } from '../layout/axis.ts';

/** The `count` largest elements along an axis, in falling order, and their indices. */
export function topK(b: GraphBuilder, x: Value, count: number, axis = -1): readonly [Value, Value] {
  const outputs = b.apply('TopK', [x, b.int64([count])], { attributes: { axis: int(axis) }, outputs: 2 });
  return outputs as unknown as readonly [Value, Value];
}

/**
 * TopK, with its `largest`; the result is always sorted, equal elements by index. Derivative: the adjoint, scattered
 * to where the elements were taken from.
 */
export const topKOperator: Operator = {
  type: 'TopK',
  infer: (context) => {
    const shape = shapeOf(context);
    const types: TensorType[] = [
      { dtype: context.inputs[0]!.dtype, shape },
      { dtype: 'int64', shape },
    ];
    return types;
  },
  gradient: ({ builder: b, node, inputs }, [dy]) => {
    const { dtype, shape } = inputs[0]!;
    const [, indices] = b.apply('TopK', inputs, { attributes: node.attributes, outputs: 2 });
    const zeros = b.constant(tensorOf(dtype, shape, []));
    const axis = int(axisOf(node, shape.length));
    return [b.op('ScatterElements', [zeros, indices, dy], { axis }), undefined];
  },
  evaluate: (context) => {
    const { node } = context;
    const x = context.inputs[0]!;
    const shape = shapeOf(inferContextOf(context));
    const axis = axisOf(node, shape.length);
    const inner = elementCount(shape.slice(axis + 1));
    const size = x.dims[axis]!;
    const count = shape[axis]!;
    const direction = intOf(node, 'largest', 1) === 1 ? -1 : 1;
    const data = numbersOf(x);
    const values = new Float64Array(elementCount(shape));
    const indices = new Float64Array(values.length);
    for (let line = 0; line < elementCount(withEntry(shape, axis, 1)); line++) {
      const outer = Math.floor(line / inner);
      const read = (i: number) => data[(outer * size + i) * inner + (line % inner)] as number;
      const order = Array.from({ length: size }, (_, i) => i).sort((i, j) => direction * (read(i) - read(j)) || i - j);
      for (let k = 0; k < count; k++) {
        const at = (outer * count + k) * inner + (line % inner);
        values[at] = read(order[k]!);
        indices[at] = order[k]!;
      }
    }
    return [tensorOf(x.dtype, shape, values), tensorOf('int64', shape, indices)];
  },
};

function axisOf(node: Node, rank: number): number {
  return normalizeAxis(intOf(node, 'axis', -1), rank);
}

function shapeOf(context: InferContext): number[] {
  const { shape } = context.inputs[0]!;
  const axis = axisOf(context.node, shape.length);
  const count = contentOf(context, 1, 'the count k')[0]!;
  if (count < 0 || count > shape[axis]!) {
    throw new DatafreeError('shape-mismatch', `${count} elements cannot be taken from ${shape[axis]}.`);
  }
  return withEntry(shape, axis, count);
}
