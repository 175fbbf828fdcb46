import { isFloat, numbersOf } from '@datafree/core';
import type { Tensor } from '@datafree/plugin';

/**
 * Compares a result with what it should be. Floats may differ by `tolerance` times the larger of the expected value
 * and the root mean square of all of them; everything else must be equal.
 *
 * @throws an Error that tells the worst element
 */
export function compare(name: string, actual: Tensor | undefined, expected: Tensor, tolerance: number): void {
  if (actual === undefined) throw new Error(`"${name}" was not returned.`);
  const dtype = expected.dtype === 'float64' ? 'float32' : expected.dtype;
  if (actual.dtype !== dtype && actual.dtype !== expected.dtype) {
    throw new Error(`"${name}" is of type ${actual.dtype} instead of ${dtype}.`);
  }
  if (String(actual.dims) !== String(expected.dims)) {
    throw new Error(`"${name}" has the shape [${actual.dims}] instead of [${expected.dims}].`);
  }
  const right = numbersOf(expected);
  const got = numbersOf(actual);
  if (got.length !== right.length) throw new Error(`"${name}" has ${got.length} elements instead of ${right.length}.`);
  const floor = isFloat(expected.dtype) ? rootMeanSquare(right) : 0;
  const allowed = isFloat(expected.dtype) ? tolerance : 0;
  let worst = -1;
  let excess = 0;
  for (let i = 0; i < right.length; i++) {
    const a = got[i] as number;
    const e = right[i] as number;
    if (Object.is(a, e) || a === e) continue;
    const error = Math.abs(a - e) / (Math.max(Math.abs(e), floor) || 1);
    if (!(error <= allowed) && !(error <= excess)) {
      worst = i;
      excess = error;
    }
  }
  if (worst < 0) return;
  throw new Error(
    `"${name}" [${expected.dims}] is off at element ${worst}: ${got[worst]} instead of ${right[worst]} (relative error ${excess.toExponential(2)}, ${allowed} allowed).`,
  );
}

function rootMeanSquare(values: ArrayLike<number>): number {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isFinite(value)) continue;
    sum += value * value;
    count++;
  }
  return count === 0 ? 0 : Math.sqrt(sum / count);
}
