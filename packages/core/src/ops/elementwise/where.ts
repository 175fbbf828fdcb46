import { DatafreeError } from '@datafree/plugin';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { broadcastShape, broadcastType, mapBroadcast, unbroadcast } from './broadcast.ts';
import { type Operand, valuesOf } from './operand.ts';

/** `x` where the condition holds, else `y`, broadcast. */
export function where(b: GraphBuilder, condition: Value, x: Operand, y: Operand): Value {
  return b.op('Where', [condition, ...valuesOf(b, [x, y])]);
}

/** Where. Derivative: the adjoint for the argument that was taken, 0 for the other. */
export const whereOperator: Operator = {
  type: 'Where',
  infer: ({ inputs: [condition, x, y] }) => {
    if (condition!.dtype !== 'bool') throw new DatafreeError('shape-mismatch', 'the condition is not of type bool.');
    const { dtype } = broadcastType([x, y]);
    return [{ dtype, shape: broadcastShape(condition!.shape, x!.shape, y!.shape) }];
  },
  gradient: ({ builder: b, inputs, wanted }, [dz]) => {
    const [condition, x, y] = inputs as [Value, Value, Value];
    return [
      undefined,
      wanted[1] ? unbroadcast(b, where(b, condition, dz!, 0), x.shape) : undefined,
      wanted[2] ? unbroadcast(b, where(b, condition, 0, dz!), y.shape) : undefined,
    ];
  },
  evaluate: ({ inputs: [condition, x, y] }) => [
    mapBroadcast([condition!, x!, y!], (holds, left, right) => (holds ? left : right), x!.dtype),
  ],
};
