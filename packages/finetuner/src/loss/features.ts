import { abs, add, div, type GraphBuilder, min, mul, reduceMean, sqrt, sub, type Value } from '@datafree/core';
import { DatafreeError } from '@datafree/plugin';
import { relativeError } from './logits.ts';

/**
 * Ways to compare an activation of the student with the teacher's, by name. Each takes two values of one shape
 * [N, channels, …] and gives a scalar from 0 on, 0 where both are equal; `shape-mismatch` where shapes do not fit.
 */
export const featureLosses = {
  /** Huber's loss with its corner at 1, averaged: `d²/2` up to a distance of 1, `d − ½` beyond ("The Knowledge Within"). */
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

/** The name of one of {@link featureLosses}. */
export type FeatureLoss = keyof typeof featureLosses;

/**
 * The sum of the given losses over stages, each stage with its {@link depthWeights | depth weight}.
 *
 * @param stages activations of student and teacher, from shallow to deep; at least one
 * @returns a scalar
 * @throws `option-invalid` without a loss or a stage
 */
export function overStages(
  b: GraphBuilder,
  losses: readonly FeatureLoss[],
  stages: readonly { readonly student: Value; readonly teacher: Value }[],
): Value {
  if (losses.length === 0 || stages.length === 0) {
    throw new DatafreeError(
      'option-invalid',
      `${losses.length} losses over ${stages.length} stages add up to nothing.`,
      {
        path: losses.length === 0 ? 'losses' : 'stages',
        hint: 'Give at least one loss and one stage.',
      },
    );
  }
  const shares = depthWeights(stages.length);
  const terms = losses.flatMap((loss) =>
    stages.map(({ student, teacher }, k) => mul(b, featureLosses[loss](b, student, teacher), shares[k] as number)),
  );
  return terms.reduce((sum, term) => add(b, sum, term));
}

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

/** Weights that grow linearly with depth and sum to 1: `2(k+1) / (n² + n)` for the k-th of n ("The Knowledge Within"). */
export function depthWeights(n: number): number[] {
  return Array.from({ length: n }, (_, k) => (2 * (k + 1)) / (n * n + n));
}
