import type { InputGrid } from './model.ts';

/**
 * What looks for inputs far outside the values that a network takes: by more than half the width of their range. Floats
 * in 0…255 where 0…1 belongs are found this way; a value of an augmented sample is not.
 *
 * @param warn is told once, of the first one: "255, but the network's input goes from 0 to 1"
 * @returns takes inputs of whole samples
 */
export function inputRangeCheck(grid: InputGrid, warn: (found: string) => void): (inputs: Float32Array) => void {
  const offsetOf = (channel: number): number => grid.offset[grid.offset.length === 1 ? 0 : channel] as number;
  const channels = grid.scale.length > 1 ? grid.scale : grid.offset.map(() => grid.scale[0] as number);
  const ends = [grid.low, grid.high].flatMap((end) => channels.map((scale, c) => scale * end + offsetOf(c)));
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const margin = (high - low) / 2;
  let warned = false;
  return (inputs) => {
    if (warned) return;
    for (let i = 0; i < inputs.length; i++) {
      const value = inputs[i] as number;
      if (!(value < low - margin || value > high + margin)) continue;
      warned = true;
      warn(`${round(value)}, but the network's input goes from ${round(low)} to ${round(high)}`);
      return;
    }
  };
}

function round(value: number): string {
  return String(Number(value.toPrecision(4)));
}
