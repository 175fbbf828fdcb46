import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Value } from '../../../graph/operator.ts';
import { abs } from '../../elementwise/abs.ts';
import { max } from '../../elementwise/max.ts';
import { mul } from '../../elementwise/mul.ts';
import { pow } from '../../elementwise/pow.ts';
import { sign } from '../../elementwise/sign.ts';

/**
 * The two factors of the derivative of the norm `y = (Σ |x|^p)^(1/p)`: inside `|x|^(p−1) · sign(x)`, outside
 * `y^(1−p)`. A norm near 0 counts as so small a number that its power is still finite; the inside is 0 there.
 */
export function powerSlope(b: GraphBuilder, x: Value, y: Value, p: number): { inside: Value; outside: Value } {
  if (p === 1) return { inside: sign(b, x), outside: b.scalar(1, y.dtype) };
  const positive = max(b, y, 10 ** (-30 / (p - 1)));
  const inside = p === 2 ? x : mul(b, pow(b, abs(b, x), p - 1), sign(b, x));
  return { inside, outside: pow(b, positive, 1 - p) };
}
