import type { GraphBuilder } from '../../graph/builder.ts';
import type { GradientContext, Operator, Value } from '../../graph/operator.ts';
import { isFloat, numbersOf } from '../../tensor.ts';
import { broadcastShape, mapBroadcast, unbroadcast } from './broadcast.ts';
import { cast } from './cast.ts';
import { equal } from './comparison.ts';
import { log } from './log.ts';
import { max } from './max.ts';
import { mul } from './mul.ts';
import { type Operand, valuesOf } from './operand.ts';
import { sub } from './sub.ts';
import { where } from './where.ts';

/** `x ^ y`, broadcast. */
export function pow(b: GraphBuilder, x: Operand, y: Operand): Value {
  return b.op('Pow', valuesOf(b, [x, y]));
}

/** The smallest base whose logarithm is taken: what is below it counts as it. */
const smallestBase = 1e-37;

/**
 * Pow; the exponent may be of another type. Derivatives: `y · x^(y−1) · dz` and, for positive bases,
 * `log(x) · z · dz`.
 */
export const powOperator: Operator = {
  type: 'Pow',
  infer: ({ inputs: [x, y] }) => [{ dtype: x!.dtype, shape: broadcastShape(x!.shape, y!.shape) }],
  gradient: (context, [dz]) => {
    const { builder: b, inputs, outputs, wanted } = context;
    const [x, y] = inputs as [Value, Value];
    const byBase = wanted[0] ? mul(b, dz!, slope(context)) : undefined;
    const byExponent =
      wanted[1] && isFloat(y.dtype) ? mul(b, dz!, mul(b, outputs[0]!, log(b, max(b, x, smallestBase)))) : undefined;
    return [
      byBase && unbroadcast(b, byBase, x.shape),
      byExponent && unbroadcast(b, y.dtype === x.dtype ? byExponent : cast(b, byExponent, y.dtype), y.shape),
    ];
  },
  evaluate: ({ inputs: [x, y] }) => [mapBroadcast([x!, y!], Math.pow)],
};

function slope({ builder: b, inputs, constant }: GradientContext): Value {
  const [x, y] = inputs as [Value, Value];
  const known = constant(1);
  const exponent = known?.data.length === 1 ? numbersOf(known)[0] : undefined;
  if (exponent === 0) return mul(b, x, 0);
  if (exponent === 2) return mul(b, x, 2);
  if (exponent !== undefined) return mul(b, pow(b, x, exponent - 1), exponent);
  const own = y.dtype === x.dtype ? y : cast(b, y, x.dtype);
  // Where the exponent is 0 so is the slope, also at 0, of which other powers are infinite.
  const flat = equal(b, own, 0);
  return mul(b, own, pow(b, x, where(b, flat, 1, sub(b, own, 1))));
}
