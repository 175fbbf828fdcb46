import type { DType } from '@datafree/plugin';
import { elementTypeOf } from '../../elementType.ts';
import { intOf } from '../../graph/attributes.ts';
import type { InferContext, Operator } from '../../graph/operator.ts';
import { elementCount, tensorOf } from '../../tensor.ts';

/** EyeLike: ones on the diagonal `k` of a matrix, zeros elsewhere. Always known, since shapes are concrete here. */
export const eyeLikeOperator: Operator = {
  type: 'EyeLike',
  infer: (context) => [{ dtype: dtypeOf(context), shape: context.inputs[0]!.shape }],
  known: (context) => {
    const { shape } = context.inputs[0]!;
    const shift = intOf(context.node, 'k', 0);
    const columns = shape[1]!;
    const values = Float64Array.from({ length: elementCount(shape) }, (_, i) =>
      (i % columns) - Math.floor(i / columns) === shift ? 1 : 0,
    );
    return [tensorOf(dtypeOf(context), shape, values)];
  },
};

function dtypeOf({ node, inputs }: InferContext): DType {
  return node.attributes.dtype === undefined ? inputs[0]!.dtype : elementTypeOf(intOf(node, 'dtype'));
}
