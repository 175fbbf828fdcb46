import { DatafreeError, type Node } from '@datafree/plugin';
import { string, stringOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { add } from '../elementwise/add.ts';
import { erf, errorFunction } from '../elementwise/erf.ts';
import { exp } from '../elementwise/exp.ts';
import { mul } from '../elementwise/mul.ts';
import { sub } from '../elementwise/sub.ts';
import { unary } from '../elementwise/unary.ts';
import { tanh } from './tanh.ts';

/** `x · Φ(x)` (Hendrycks and Gimpel 2016); with `tanh`, their approximation of it. */
export function gelu(b: GraphBuilder, x: Value, approximate: 'none' | 'tanh' = 'none'): Value {
  return b.op('Gelu', [x], { approximate: string(approximate) });
}

const cubic = 0.044715;
const rate = Math.sqrt(2 / Math.PI);

/**
 * Gelu. Derivative: `Φ(x) + x · φ(x)`; for the approximation `x/2 · (1 + t)`, `t = tanh(√(2/π) (x + 0.044715 x³))`, it
 * is `(1 + t)/2 + x/2 · (1 − t²) · √(2/π) (1 + 0.134145 x²)`.
 */
export const geluOperator: Operator = unary('Gelu', {
  compute: (node) =>
    isApproximate(node)
      ? (x) => 0.5 * x * (1 + Math.tanh(rate * (x + cubic * x ** 3)))
      : (x) => 0.5 * x * (1 + errorFunction(x / Math.SQRT2)),
  gradient: (b, dy, { x, node }) => mul(b, dy, isApproximate(node) ? approximateSlope(b, x) : exactSlope(b, x)),
});

function isApproximate(node: Node): boolean {
  const approximate = stringOf(node, 'approximate', 'none');
  if (approximate === 'none' || approximate === 'tanh') return approximate === 'tanh';
  throw new DatafreeError('attribute-invalid', `approximate "${approximate}" of Gelu is unknown.`);
}

function exactSlope(b: GraphBuilder, x: Value): Value {
  const distribution = mul(b, add(b, erf(b, mul(b, x, Math.SQRT1_2)), 1), 0.5);
  const density = mul(b, exp(b, mul(b, mul(b, x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return add(b, distribution, mul(b, x, density));
}

function approximateSlope(b: GraphBuilder, x: Value): Value {
  const square = mul(b, x, x);
  const t = tanh(b, mul(b, x, add(b, mul(b, square, rate * cubic), rate)));
  const inner = add(b, mul(b, square, 1.5 * rate * cubic), 0.5 * rate);
  return add(b, mul(b, add(b, t, 1), 0.5), mul(b, mul(b, x, inner), sub(b, 1, mul(b, t, t))));
}
