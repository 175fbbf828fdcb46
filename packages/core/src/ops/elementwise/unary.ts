import type { Node } from '@datafree/plugin';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { mapBroadcast } from './broadcast.ts';

/** What the derivative of a unary operator sees besides the adjoint. */
export interface UnaryContext {
  readonly x: Value;
  readonly y: Value;
  readonly node: Node;
}

/**
 * An operator that maps each element by itself, its result of the same type.
 *
 * @param rule.compute the function, for a node with given attributes
 * @param rule.gradient the adjoint of the input from that of the output; undefined where it is zero almost everywhere
 */
export function unary(
  type: string,
  rule: {
    compute(node: Node): (x: number) => number;
    gradient(b: GraphBuilder, dy: Value, context: UnaryContext): Value | undefined;
  },
): Operator {
  return {
    type,
    infer: ({ inputs }) => [inputs[0]!],
    gradient: ({ builder, inputs, outputs, node }, [dy]) => [
      rule.gradient(builder, dy!, { x: inputs[0]!, y: outputs[0]!, node }),
    ],
    evaluate: ({ node, inputs }) => [mapBroadcast([inputs[0]!], rule.compute(node))],
  };
}
