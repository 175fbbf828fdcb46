import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { broadcastType, mapBroadcast, unbroadcast } from './broadcast.ts';
import { mul } from './mul.ts';
import { sign } from './sign.ts';
import { sub } from './sub.ts';

/**
 * The largest or smallest of any number of broadcast arguments. The adjoint goes to the argument that was taken, at a
 * tie to the first. `distance` is how far an argument is from being taken: never negative.
 */
export function extremum(
  type: 'Max' | 'Min',
  compute: (x: number, y: number) => number,
  distance: (b: GraphBuilder, result: Value, argument: Value) => Value,
): Operator {
  return {
    type,
    infer: ({ inputs }) => [broadcastType(inputs)],
    gradient: ({ builder: b, inputs, outputs, wanted }, [dy]) => {
      // What of the adjoint has not gone to an earlier argument.
      let rest = dy!;
      return inputs.map((input, k) => {
        if (k === inputs.length - 1) return wanted[k] ? unbroadcast(b, rest, input!.shape) : undefined;
        const passed = mul(b, rest, sign(b, distance(b, outputs[0]!, input!)));
        const taken = sub(b, rest, passed);
        rest = passed;
        return wanted[k] ? unbroadcast(b, taken, input!.shape) : undefined;
      });
    },
    evaluate: ({ inputs }) => [inputs.map((input) => input!).reduce((x, y) => mapBroadcast([x, y], compute))],
  };
}
