import type { Operator } from '../../graph/operator.ts';
import { elementCount, scalarOf } from '../../tensor.ts';

/** Size, the number of elements. Always known, since shapes are concrete here. */
export const sizeOperator: Operator = {
  type: 'Size',
  infer: () => [{ dtype: 'int64', shape: [] }],
  known: ({ inputs }) => [scalarOf('int64', elementCount(inputs[0]!.shape))],
};
