import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';

/** The value under another name. */
export function identity(b: GraphBuilder, x: Value): Value {
  return b.op('Identity', [x]);
}

/** Identity. Derivative: the adjoint. */
export const identityOperator: Operator = {
  type: 'Identity',
  infer: ({ inputs }) => [inputs[0]!],
  gradient: (_, [dy]) => [dy],
  evaluate: ({ inputs }) => [inputs[0]!],
};
