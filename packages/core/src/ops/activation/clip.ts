import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { numbersOf } from '../../tensor.ts';
import { abs } from '../elementwise/abs.ts';
import { mapBroadcast } from '../elementwise/broadcast.ts';
import { mul } from '../elementwise/mul.ts';
import { sign } from '../elementwise/sign.ts';
import { sub } from '../elementwise/sub.ts';
import { reshape } from '../layout/reshape.ts';
import { reduceSum } from '../reduction/reduceSum.ts';
import { above, below, between } from './positive.ts';
import { relu } from './relu.ts';

/** `min(max(x, low), high)`; a bound that is undefined does not bind. Bounds that are values are scalars. */
export function clip(b: GraphBuilder, x: Value, low?: Value | number, high?: Value | number): Value {
  const bound = (limit: Value | number | undefined) => (typeof limit === 'number' ? b.scalar(limit, x.dtype) : limit);
  return b.op('Clip', [x, bound(low), bound(high)]);
}

/**
 * Clip. Derivative: the adjoint between the bounds, 0 outside; a bound gets the sum of the adjoints that
 * it holds back.
 */
export const clipOperator: Operator = {
  type: 'Clip',
  infer: ({ inputs }) => [inputs[0]!],
  gradient: ({ builder: b, inputs, outputs, wanted, constant }, [dy]) => {
    const [x, low, high] = inputs;
    const known = [low, high].every((bound, i) => bound === undefined || constant(i + 1) !== undefined);
    // 1 below the low bound, −1 above the high one.
    const side = () => sign(b, sub(b, outputs[0]!, x!));
    const passed = () => {
      if (!known) return mul(b, dy!, sub(b, 1, abs(b, side())));
      // The output is between the bounds where the input is, and need not be kept beside it.
      const y = outputs[0]!;
      const limit = (input: number) => numbersOf(constant(input)!)[0]!;
      if (low === undefined) return high === undefined ? dy! : mul(b, dy!, below(b, y, limit(2)));
      return mul(b, dy!, high === undefined ? above(b, y, limit(1)) : between(b, y, limit(1), limit(2)));
    };
    const held = (bound: Value, mask: Value) => reshape(b, reduceSum(b, mul(b, dy!, mask)), bound.shape);
    return [
      wanted[0] ? passed() : undefined,
      wanted[1] ? held(low!, relu(b, side())) : undefined,
      wanted[2] ? held(high!, relu(b, sign(b, sub(b, x!, outputs[0]!)))) : undefined,
    ].slice(0, inputs.length);
  },
  evaluate: ({ inputs: [x, low, high] }) => {
    const raised = low === undefined ? x! : mapBroadcast([x!, low], Math.max);
    return [high === undefined ? raised : mapBroadcast([raised, high], Math.min)];
  },
};
