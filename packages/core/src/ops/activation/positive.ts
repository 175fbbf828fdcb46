import { float } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/operator.ts';
import { abs } from '../elementwise/abs.ts';
import { add } from '../elementwise/add.ts';
import { mul } from '../elementwise/mul.ts';
import { sub } from '../elementwise/sub.ts';

/** So steep that a ramp is a step for every normal float; a power of two, so that multiplying by it is exact. */
const steep = 2 ** 100;

/** 1 where `x > limit`, else 0: a mask in one pass that stays in floating point. */
export function above(b: GraphBuilder, x: Value, limit: number): Value {
  return b.op('HardSigmoid', [x], { alpha: float(steep), beta: float(-limit * steep) });
}

/** 1 where `x < limit`, else 0. */
export function below(b: GraphBuilder, x: Value, limit: number): Value {
  return b.op('HardSigmoid', [x], { alpha: float(-steep), beta: float(limit * steep) });
}

/**
 * 1 where `low < x < high`, else 0. Where single precision holds the middle and the distance to it exactly, by that
 * distance, which takes fewer passes; an element within its last bit of a bound then counts as on it.
 */
export function between(b: GraphBuilder, x: Value, low: number, high: number): Value {
  const middle = (low + high) / 2;
  const reach = high - middle;
  const exact = middle - low === reach && [middle, reach].every((value) => Math.fround(value) === value);
  if (!exact) return mul(b, above(b, x, low), below(b, x, high));
  return below(b, abs(b, sub(b, x, middle)), reach);
}

/** 1 where `x` is positive, else 0. */
export function positive(b: GraphBuilder, x: Value): Value {
  return above(b, x, 0);
}

/** One number where `x` is positive, another where it is not. */
export function blend(b: GraphBuilder, x: Value, whenPositive: number, otherwise: number): Value {
  const step = mul(b, positive(b, x), whenPositive - otherwise);
  return otherwise === 0 ? step : add(b, step, otherwise);
}
