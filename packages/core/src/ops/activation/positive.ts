import { float } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/operator.ts';
import { add } from '../elementwise/add.ts';
import { mul } from '../elementwise/mul.ts';

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

/** 1 where `x` is positive, else 0. */
export function positive(b: GraphBuilder, x: Value): Value {
  return above(b, x, 0);
}

/** One number where `x` is positive, another where it is not. */
export function blend(b: GraphBuilder, x: Value, whenPositive: number, otherwise: number): Value {
  const step = mul(b, positive(b, x), whenPositive - otherwise);
  return otherwise === 0 ? step : add(b, step, otherwise);
}
