import { DatafreeError } from '@datafree/plugin';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { add } from '../elementwise/add.ts';
import { broadcastType, mapBroadcast, unbroadcast } from '../elementwise/broadcast.ts';
import { min } from '../elementwise/min.ts';
import { mul } from '../elementwise/mul.ts';
import { sub } from '../elementwise/sub.ts';
import { positive } from './positive.ts';

/** `x` where it is positive, else `slope · x`; the slope broadcasts to the shape of `x` (He et al. 2015, "PReLU"). */
export function pRelu(b: GraphBuilder, x: Value, slope: Value): Value {
  return b.op('PRelu', [x, slope]);
}

/** PRelu. Derivatives: the adjoint, times the slope where `x` is not positive; and the adjoint times `min(x, 0)`. */
export const pReluOperator: Operator = {
  type: 'PRelu',
  infer: ({ inputs }) => {
    const type = broadcastType(inputs);
    if (String(type.shape) === String(inputs[0]!.shape)) return [type];
    throw new DatafreeError(
      'shape-mismatch',
      `a slope [${inputs[1]!.shape}] does not broadcast to [${inputs[0]!.shape}].`,
    );
  },
  gradient: ({ builder: b, inputs, wanted }, [dy]) => {
    const [x, slope] = inputs as [Value, Value];
    const step = positive(b, x);
    return [
      wanted[0] ? mul(b, dy!, add(b, step, mul(b, slope, sub(b, 1, step)))) : undefined,
      wanted[1] ? unbroadcast(b, mul(b, dy!, min(b, x, 0)), slope.shape) : undefined,
    ];
  },
  evaluate: ({ inputs: [x, slope] }) => [
    mapBroadcast([x!, slope!], (value, factor) => (value > 0 ? value : factor * value)),
  ],
};
