import type { Model } from '@datafree/plugin';
import { sampleShape } from './shape.ts';

/**
 * Mean and standard deviation of each input channel when nothing better is known: the middle and a quarter of the
 * width of the grid of valid inputs; 0 and 1 without one.
 */
export function assumedInput(model: Model): { mean: number[]; deviation: number[] } {
  const channels = Array.from({ length: sampleShape(model)[0] as number }, (_, c) => c);
  const { grid } = model;
  if (grid === undefined) return { mean: channels.map(() => 0), deviation: channels.map(() => 1) };
  const perChannel = (values: readonly number[], c: number) => values[c] ?? (values[0] as number);
  return {
    mean: channels.map((c) => perChannel(grid.offset, c) + (perChannel(grid.scale, c) * (grid.low + grid.high)) / 2),
    deviation: channels.map((c) => (Math.abs(perChannel(grid.scale, c)) * (grid.high - grid.low)) / 4),
  };
}
