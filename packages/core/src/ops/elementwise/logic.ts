import { DatafreeError } from '@datafree/plugin';
import type { Operator, TensorType } from '../../graph/operator.ts';
import { broadcastType, mapBroadcast } from './broadcast.ts';

function logical(type: string, compute: (...values: number[]) => number): Operator {
  return {
    type,
    infer: ({ inputs }) => {
      const result: TensorType = broadcastType(inputs);
      if (result.dtype !== 'bool')
        throw new DatafreeError('shape-mismatch', `${type} takes bool, not ${result.dtype}.`);
      return [result];
    },
    evaluate: ({ inputs }) => [
      mapBroadcast(
        inputs.map((input) => input!),
        compute,
      ),
    ],
  };
}

/** And, broadcast. */
export const andOperator = logical('And', (x, y) => x! & y!);
/** Or, broadcast. */
export const orOperator = logical('Or', (x, y) => x! | y!);
/** Xor, broadcast. */
export const xorOperator = logical('Xor', (x, y) => x! ^ y!);
/** Not. */
export const notOperator = logical('Not', (x) => 1 - x!);
