import { abs, add, div, type GraphBuilder, min, mul, reduceMean, sqrt, sub, type Value } from '@datafree/core';
import { relativeError } from './logits.ts';

/** Ways to compare an activation of the student with the teacher's. */
export const featureLosses = {
  /** Huber's loss with its corner at 1, averaged ("The Knowledge Within"). */
  'smooth-l1': (b: GraphBuilder, student: Value, teacher: Value): Value => {
    const distance = abs(b, sub(b, student, teacher));
    const inner = min(b, distance, 1);
    return meanOf(b, mul(b, inner, sub(b, distance, mul(b, inner, 0.5))));
  },
  /** Squared error over the teacher's mean square. */
  mse: relativeError,
  /** Squared distance of the normalised maps `Σ_c x²` (Zagoruyko and Komodakis 2017, attention transfer). */
  attention: (b: GraphBuilder, student: Value, teacher: Value): Value => {
    const difference = sub(b, attention(b, student), attention(b, teacher));
    return meanOf(b, mul(b, difference, difference));
  },
} satisfies Record<string, (b: GraphBuilder, student: Value, teacher: Value) => Value>;

/** Mean over channels of the squares, divided by its norm over positions and scaled to a mean square of 1. */
function attention(b: GraphBuilder, x: Value): Value {
  const map = reduceMean(b, mul(b, x, x), [1], true);
  const positions = x.shape.map((_, axis) => axis).slice(1);
  const size = sqrt(b, add(b, reduceMean(b, mul(b, map, map), positions, true), 1e-12));
  return div(b, map, size);
}

function meanOf(b: GraphBuilder, x: Value): Value {
  return reduceMean(
    b,
    x,
    x.shape.map((_, axis) => axis),
  );
}

/** Weights that grow linearly with depth and sum to 1: `2(k+1) / (n² + n)` for the k-th of n. */
export function depthWeights(n: number): number[] {
  return Array.from({ length: n }, (_, k) => (2 * (k + 1)) / (n * n + n));
}
