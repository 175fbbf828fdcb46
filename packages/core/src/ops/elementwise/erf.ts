import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { exp } from './exp.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';
import { unary } from './unary.ts';

/** The error function, `2/√π ∫₀ˣ e^(−t²) dt`. */
export function erf(b: GraphBuilder, x: Value): Value {
  return b.op('Erf', [x]);
}

/** Erf. Derivative: `2/√π · e^(−x²) · dy`. */
export const erfOperator: Operator = unary('Erf', {
  compute: () => errorFunction,
  gradient: (b, dy, { x }) => mul(b, dy, mul(b, exp(b, neg(b, mul(b, x, x))), 2 / Math.sqrt(Math.PI))),
});

/**
 * The error function in double precision: its Maclaurin series near 0, further out the continued fraction of the
 * complementary function (Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.6 and 7.1.14).
 */
export function errorFunction(x: number): number {
  if (Number.isNaN(x)) return x;
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return ((2 * sum) / Math.sqrt(Math.PI)) * Math.exp(-x * x);
  }
  let fraction = size;
  for (let n = 60; n > 0; n--) fraction = size + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction));
}
