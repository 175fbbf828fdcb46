import type { Node } from '@datafree/plugin';
import { floatOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { unary } from '../elementwise/unary.ts';
import { exponentialSlope } from './elu.ts';

/** The self-normalising exponential linear unit (Klambauer et al. 2017), `gamma · elu(x)`. */
export function selu(b: GraphBuilder, x: Value): Value {
  return b.op('Selu', [x]);
}

/** Selu. Derivative: the adjoint times `gamma`, or times `y + gamma · alpha` where the input is not positive. */
export const seluOperator: Operator = unary('Selu', {
  compute: (node) => {
    const { alpha, gamma } = constantsOf(node);
    return (x) => gamma * (x > 0 ? x : alpha * Math.expm1(x));
  },
  gradient: (b, dy, { x, y, node }) => {
    const { alpha, gamma } = constantsOf(node);
    return exponentialSlope(b, dy, x, y, gamma, alpha);
  },
});

function constantsOf(node: Node): { alpha: number; gamma: number } {
  return {
    alpha: floatOf(node, 'alpha', 1.6732632423543772),
    gamma: floatOf(node, 'gamma', 1.0507009873554805),
  };
}
