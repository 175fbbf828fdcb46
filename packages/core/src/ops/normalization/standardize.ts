import type { Tensor } from '@datafree/plugin';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/operator.ts';
import { numbersOf } from '../../tensor.ts';
import { add } from '../elementwise/add.ts';
import { mul } from '../elementwise/mul.ts';
import { reciprocal } from '../elementwise/reciprocal.ts';
import { sqrt } from '../elementwise/sqrt.ts';
import { sub } from '../elementwise/sub.ts';
import { reduceMean } from '../reduction/reduceMean.ts';

/** What a normalisation computes on its way; reduced axes are kept. */
export interface Standardized {
  /** `x − mean`. */
  readonly centred: Value;
  /** `1 / √(variance + epsilon)`. */
  readonly inverse: Value;
  readonly axes: readonly number[];
}

/** Writes the mean and (population) variance of `x` over axes. */
export function standardize(b: GraphBuilder, x: Value, axes: readonly number[], epsilon: number): Standardized {
  const centred = sub(b, x, reduceMean(b, x, axes, true));
  const variance = reduceMean(b, mul(b, centred, centred), axes, true);
  return { centred, inverse: inverseDeviation(b, variance, epsilon), axes };
}

/** `1 / √(variance + epsilon)`. */
export function inverseDeviation(b: GraphBuilder, variance: Value, epsilon: number): Value {
  return reciprocal(b, sqrt(b, add(b, variance, b.scalar(epsilon, variance.dtype))));
}

/**
 * The derivative of `z = (x − mean) · inverse` by `x`, through mean and variance (Ioffe and Szegedy 2015, section 3):
 * `dx = inverse · (dz − mean(dz) − z · mean(dz · z))`.
 */
export function standardizeGradient(b: GraphBuilder, dz: Value, { centred, inverse, axes }: Standardized): Value {
  const slope = mul(b, reduceMean(b, mul(b, dz, centred), axes, true), mul(b, inverse, inverse));
  const rest = sub(b, dz, reduceMean(b, dz, axes, true));
  return mul(b, sub(b, rest, mul(b, centred, slope)), inverse);
}

/** Mean and population variance of each of `rows` equal runs of elements. */
export function rowMoments(x: Tensor, rows: number): { mean: Float64Array; variance: Float64Array } {
  const data = numbersOf(x);
  const size = data.length / rows;
  const mean = new Float64Array(rows);
  const variance = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let i = row * size; i < (row + 1) * size; i++) sum += data[i]!;
    mean[row] = sum / size;
    let squares = 0;
    for (let i = row * size; i < (row + 1) * size; i++) squares += (data[i]! - mean[row]!) ** 2;
    variance[row] = squares / size;
  }
  return { mean, variance };
}
