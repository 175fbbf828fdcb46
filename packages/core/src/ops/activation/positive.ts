import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/operator.ts';
import { add } from '../elementwise/add.ts';
import { mul } from '../elementwise/mul.ts';
import { sign } from '../elementwise/sign.ts';
import { relu } from './relu.ts';

/** 1 where `x` is positive, else 0: a mask that stays in floating point. */
export function positive(b: GraphBuilder, x: Value): Value {
  return relu(b, sign(b, x));
}

/** One number where `x` is positive, another where it is not. */
export function blend(b: GraphBuilder, x: Value, above: number, below: number): Value {
  const step = mul(b, positive(b, x), above - below);
  return below === 0 ? step : add(b, step, below);
}
