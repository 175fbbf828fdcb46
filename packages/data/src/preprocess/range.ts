import { inputRangeCheck, type Logger } from '@datafree/plugin';
import { gridOf, type Preprocess } from './preprocess.ts';

/**
 * What looks for inputs far outside the values that a preprocessing says the network takes, see `inputRangeCheck` of
 * `@datafree/plugin`.
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
  const warn = (found: string) => logger.warn(`${name} holds ${found}: are these pixels that were not preprocessed?`);
  return grid && inputRangeCheck(grid, warn);
}
