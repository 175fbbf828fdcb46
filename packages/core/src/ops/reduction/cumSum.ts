import type { Node } from '@datafree/plugin';
import { int, intOf } from '../../graph/attributes.ts';
import { type InferContext, inferContextOf, type Operator } from '../../graph/operator.ts';
import { elementCount, numbersOf, tensorOf } from '../../tensor.ts';
import { contentOf } from '../constant/content.ts';
import { normalizeAxis } from '../layout/axis.ts';

/**
 * CumSum: running sums along an axis, with its `exclusive` (an element is not part of its own sum) and `reverse`.
 * Derivative: the running sums of the adjoint in the other direction.
 */
export const cumSumOperator: Operator = {
  type: 'CumSum',
  infer: ({ inputs }) => [inputs[0]!],
  gradient: ({ builder, node, inputs }, [dy]) => [
    builder.op('CumSum', [dy, inputs[1]], {
      exclusive: int(intOf(node, 'exclusive', 0)),
      reverse: int(1 - intOf(node, 'reverse', 0)),
    }),
    undefined,
  ],
  evaluate: (context) => {
    const { node } = context;
    const x = context.inputs[0]!;
    const axis = axisOf(inferContextOf(context));
    const size = x.dims[axis]!;
    const inner = elementCount(x.dims.slice(axis + 1));
    const data = numbersOf(x);
    const result = new Float64Array(data.length);
    const exclusive = flag(node, 'exclusive');
    const reverse = flag(node, 'reverse');
    for (let line = 0; line < data.length / size; line++) {
      const start = Math.floor(line / inner) * size * inner + (line % inner);
      let sum = 0;
      for (let i = 0; i < size; i++) {
        const at = start + (reverse ? size - 1 - i : i) * inner;
        const next = sum + (data[at] as number);
        result[at] = exclusive ? sum : next;
        sum = next;
      }
    }
    return [tensorOf(x.dtype, x.dims, result)];
  },
};

function flag(node: Node, name: string): boolean {
  return intOf(node, name, 0) === 1;
}

function axisOf(context: InferContext): number {
  return normalizeAxis(contentOf(context, 1, 'the axis')[0]!, context.inputs[0]!.shape.length);
}
