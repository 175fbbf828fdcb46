import type { Operator } from '../../graph/operator.ts';
import { mapBroadcast } from './broadcast.ts';

/** IsNaN. */
export const isNaNOperator: Operator = {
  type: 'IsNaN',
  infer: ({ inputs }) => [{ dtype: 'bool', shape: inputs[0]!.shape }],
  evaluate: ({ inputs }) => [mapBroadcast([inputs[0]!], (x) => Number(Number.isNaN(x)), 'bool')],
};
