import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/operator.ts';
import { pad } from '../layout/pad.ts';
import { slice } from '../layout/slice.ts';

/**
 * Adds cells with `value` before and after each spatial axis of [N, C, …]; where a number is negative, cells are cut
 * off instead.
 */
export function fit(b: GraphBuilder, x: Value, begins: readonly number[], ends: readonly number[], value = 0): Value {
  const cut = begins.flatMap((begin, i) => (begin < 0 || ends[i]! < 0 ? [i] : []));
  const inside =
    cut.length === 0
      ? x
      : slice(b, x, {
          axes: cut.map((i) => i + 2),
          starts: cut.map((i) => Math.max(0, -begins[i]!)),
          ends: cut.map((i) => x.shape[i + 2]! + Math.min(0, ends[i]!)),
        });
  const pads = [0, 0, ...begins.map((n) => Math.max(0, n)), 0, 0, ...ends.map((n) => Math.max(0, n))];
  return pads.some((n) => n > 0) ? pad(b, inside, pads, { value }) : inside;
}
