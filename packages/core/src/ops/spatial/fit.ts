import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/operator.ts';
import { pad } from '../layout/pad.ts';

/**
 * Adds cells with `value` before and after each spatial axis of [N, C, …]; where a number is negative, cells are cut
 * off instead.
 */
export function fit(b: GraphBuilder, x: Value, begins: readonly number[], ends: readonly number[], value = 0): Value {
  return pad(b, x, [0, 0, ...begins, 0, 0, ...ends], { value });
}
