import type { Model } from '@datafree/plugin';
import { perChannel } from './perChannel.ts';
import { sampleShape } from './shape.ts';

/**
 * Mean and standard deviation of each input channel when nothing better is known: the middle and a quarter of the
 * width of the grid of valid inputs; 0 and 1 without one.
 */
export function assumedInput(model: Model): { mean: number[]; deviation: number[] } {
  const channels = sampleShape(model)[0] as number;
  const { grid } = model;
  if (grid === undefined) return { mean: perChannel(0, channels), deviation: perChannel(1, channels) };
  const scale = perChannel(grid.scale, channels);
  const offset = perChannel(grid.offset, channels);
  return {
    mean: scale.map((s, c) => (offset[c] as number) + (s * (grid.low + grid.high)) / 2),
    deviation: scale.map((s) => (Math.abs(s) * (grid.high - grid.low)) / 4),
  };
}
