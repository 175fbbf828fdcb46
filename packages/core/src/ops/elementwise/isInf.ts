import { intOf } from '../../graph/attributes.ts';
import type { Operator } from '../../graph/operator.ts';
import { mapBroadcast } from './broadcast.ts';

/** IsInf, with its `detect_positive` and `detect_negative`. */
export const isInfOperator: Operator = {
  type: 'IsInf',
  infer: ({ inputs }) => [{ dtype: 'bool', shape: inputs[0]!.shape }],
  evaluate: ({ node, inputs }) => {
    const positive = intOf(node, 'detect_positive', 1);
    const negative = intOf(node, 'detect_negative', 1);
    const detect = (x: number) =>
      x === Number.POSITIVE_INFINITY ? positive : x === Number.NEGATIVE_INFINITY ? negative : 0;
    return [mapBroadcast([inputs[0]!], detect, 'bool')];
  },
};
