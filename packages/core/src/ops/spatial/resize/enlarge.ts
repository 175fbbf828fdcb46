import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Value } from '../../../graph/operator.ts';
import { resize } from './resizeNode.ts';

/** Repeats every cell of [N, C, …] a whole number of times along each spatial axis. */
export function enlarge(b: GraphBuilder, x: Value, factors: readonly number[]): Value {
  if (factors.every((factor) => factor === 1)) return x;
  return resize(b, x, {
    scales: [1, 1, ...factors],
    mode: 'nearest',
    coordinates: 'asymmetric',
    nearest: 'floor',
  });
}
