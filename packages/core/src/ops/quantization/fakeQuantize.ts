import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/operator.ts';
import { clip } from '../activation/clip.ts';
import { abs } from '../elementwise/abs.ts';
import { div } from '../elementwise/div.ts';
import { max } from '../elementwise/max.ts';
import { min } from '../elementwise/min.ts';
import { mul } from '../elementwise/mul.ts';
import type { Operand } from '../elementwise/operand.ts';
import { round } from '../elementwise/round.ts';
import { sign } from '../elementwise/sign.ts';
import { sub } from '../elementwise/sub.ts';
import { alongAxis } from './alongAxis.ts';

/** The grid of {@link fakeQuantize}. */
export interface FakeQuantization {
  /** Positive; of one element, or a vector along `axis`. */
  readonly scale: Operand;
  /** Whole; 0 when absent; of one element, or a vector along `axis`. As a value it is of the type of `x`. */
  readonly zeroPoint?: Operand;
  /** The smallest and the largest quantised value: 0 and 255, −127 and 127. */
  readonly low: number;
  readonly high: number;
  readonly axis?: number;
  /** Where the adjoint passes: `inside` the range (when absent), or `everywhere`. */
  readonly passes?: 'inside' | 'everywhere';
}

/**
 * What quantising and dequantising leaves of a value, `(clamp(round(x/scale) + zeroPoint, low, high) − zeroPoint) ·
 * scale`, of the shape of `x`, with the straight-through gradient (Bengio et al. 2013): the adjoint where the rounded
 * value lies in the range, 0 where it is clamped. Scale and zero point get no gradient; see {@link learnedStep}.
 *
 * @throws `shape-mismatch` when scale or zero point fit neither `x` nor its axis
 */
export function fakeQuantize(b: GraphBuilder, x: Value, grid: FakeQuantization): Value {
  const { zeroPoint = 0, low, high, axis } = grid;
  const shaped = (operand: Operand) => (typeof operand === 'number' ? operand : alongAxis(b, operand, x, axis));
  const scale = shaped(grid.scale);
  const zero = shaped(zeroPoint);
  const rounded = round(b, div(b, x, scale));
  // A whole zero point can be taken from the bounds instead of being added and subtracted again.
  const below = typeof zero === 'number' ? low - zero : sub(b, low, zero);
  const above = typeof zero === 'number' ? high - zero : sub(b, high, zero);
  const scalars = [below, above].every((bound) => typeof bound === 'number' || bound.shape.length === 0);
  const clamped = scalars ? clip(b, rounded, below, above) : min(b, max(b, rounded, below), above);
  const y = mul(b, clamped, scale);
  if (b.constantOf(y) !== undefined) return y;
  const gradient = (dy: Value): Value =>
    grid.passes === 'everywhere' ? dy : mul(b, dy, sub(b, 1, abs(b, sign(b, sub(b, rounded, clamped)))));
  return b.setGradient(y, { inputs: [x], gradient: (dy) => [gradient(dy)] });
}
