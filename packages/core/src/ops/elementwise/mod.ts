import { intOf } from '../../graph/attributes.ts';
import type { Operator } from '../../graph/operator.ts';
import { abs } from './abs.ts';
import { binary } from './binary.ts';
import { div } from './div.ts';
import { floor } from './floor.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';
import { sign } from './sign.ts';

/**
 * Mod: the remainder with the sign of the divisor, or with `fmod` of the dividend (the only way for floats).
 * Derivative for `fmod`, where `x = q · y + z` with a whole `q`: the adjoint, and `−q` times the adjoint.
 */
export const modOperator: Operator = binary('Mod', {
  compute: (node) => (intOf(node, 'fmod', 0) === 1 ? (x, y) => x % y : (x, y) => x - y * Math.floor(x / y)),
  gradient: [
    (_, dz) => dz,
    (b, dz, { x, y }) => {
      const quotient = div(b, x, y);
      return neg(b, mul(b, dz, mul(b, sign(b, quotient), floor(b, abs(b, quotient)))));
    },
  ],
});
