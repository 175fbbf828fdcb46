import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { broadcastType, mapBroadcast, unbroadcast } from './broadcast.ts';

/** The sum of its arguments, broadcast. */
export function sum(b: GraphBuilder, ...values: readonly Value[]): Value {
  return b.op('Sum', values);
}

/** Sum of any number of arguments. Derivative: the adjoint for each, summed over broadcast axes. */
export const sumOperator: Operator = {
  type: 'Sum',
  infer: ({ inputs }) => [broadcastType(inputs)],
  gradient: ({ builder, inputs, wanted }, [dy]) =>
    inputs.map((input, k) => (wanted[k] ? unbroadcast(builder, dy!, input!.shape) : undefined)),
  evaluate: ({ inputs }) => [
    inputs.map((input) => input!).reduce((x, y) => mapBroadcast([x, y], (left, right) => left + right)),
  ],
};
