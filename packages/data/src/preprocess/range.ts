import type { Logger } from '@datafree/plugin';
import { gridOf, type Preprocess } from './preprocess.ts';

/**
 * What looks for inputs far outside the values that a preprocessing says the network takes: by more than half the width
 * of their range. Floats in 0…255 where 0…1 belongs are found this way; a value of an augmented sample is not.
 *
 * @returns takes inputs of whole samples, channels first, and warns once; undefined when nothing is known of the range
 */
export function rangeCheck(
  preprocess: Preprocess,
  channels: number,
  name: string,
  logger: Logger,
): ((inputs: Float32Array) => void) | undefined {
  const grid = gridOf(preprocess, channels);
  if (grid === undefined) return undefined;
  const ends = [grid.low, grid.high].flatMap((end) => grid.scale.map((scale, c) => scale * end + grid.offset[c]!));
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const margin = (high - low) / 2;
  let warned = false;
  return (inputs) => {
    if (warned) return;
    const far = inputs.find((value) => value < low - margin || value > high + margin);
    if (far === undefined) return;
    warned = true;
    logger.warn(
      `${name} holds ${round(far)}, but the network's input goes from ${round(low)} to ${round(high)}: are these pixels that were not preprocessed?`,
    );
  };
}

function round(value: number): string {
  return String(Number(value.toPrecision(4)));
}
