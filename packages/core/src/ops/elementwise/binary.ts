import type { Node } from '@datafree/plugin';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { broadcastType, mapBroadcast, unbroadcast } from './broadcast.ts';

/** What the derivative of a binary operator sees besides the adjoint; `z` is the output. */
interface BinaryContext {
  readonly x: Value;
  readonly y: Value;
  readonly z: Value;
}

type Partial = (b: GraphBuilder, dz: Value, context: BinaryContext) => Value | undefined;

/**
 * A broadcast operator of two arguments of one element type, its result of the same type.
 *
 * @param rule.compute the function, for a node with given attributes
 * @param rule.gradient the adjoint of each argument before it is summed over broadcast axes
 */
export function binary(
  type: string,
  rule: {
    compute(node: Node): (x: number, y: number) => number;
    readonly gradient: readonly [Partial, Partial];
  },
): Operator {
  return {
    type,
    infer: ({ inputs }) => [broadcastType(inputs)],
    gradient: ({ builder, inputs, outputs, wanted }, [dz]) => {
      const [x, y] = inputs as [Value, Value];
      return [x, y].map((argument, k) => {
        const adjoint = wanted[k] ? rule.gradient[k]!(builder, dz!, { x, y, z: outputs[0]! }) : undefined;
        return adjoint && unbroadcast(builder, adjoint, argument.shape);
      });
    },
    evaluate: ({ node, inputs: [x, y] }) => [mapBroadcast([x!, y!], rule.compute(node))],
  };
}
