import type { Operator } from '../../graph/operator.ts';
import { broadcastType, mapBroadcast, unbroadcast } from './broadcast.ts';
import { mul } from './mul.ts';
import { sumOperator } from './sum.ts';

/** Mean of any number of arguments. Derivative: an equal part of the adjoint for each. */
export const meanOperator: Operator = {
  type: 'Mean',
  infer: ({ inputs }) => [broadcastType(inputs)],
  gradient: ({ builder, inputs, wanted }, [dy]) => {
    const part = mul(builder, dy!, 1 / inputs.length);
    return inputs.map((input, k) => (wanted[k] ? unbroadcast(builder, part, input!.shape) : undefined));
  },
  evaluate: (context) => [mapBroadcast(sumOperator.evaluate!(context), (total) => total / context.inputs.length)],
};
