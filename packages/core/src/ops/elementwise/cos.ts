import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';
import { sin } from './sin.ts';
import { unary } from './unary.ts';

/** The cosine of an angle in radians. */
export function cos(b: GraphBuilder, x: Value): Value {
  return b.op('Cos', [x]);
}

/** Cos. Derivative: `−dy · sin(x)`. */
export const cosOperator: Operator = unary('Cos', {
  compute: () => Math.cos,
  gradient: (b, dy, { x }) => neg(b, mul(b, dy, sin(b, x))),
});
