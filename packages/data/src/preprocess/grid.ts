import { elementCount } from '@datafree/core';
import type { InputGrid } from '@datafree/plugin';

/**
 * Stored values to network inputs: `scale[c] · value + offset[c]`, rounded to 32-bit floats.
 *
 * @param shape of one sample, channels first; `stored` holds any number of samples
 */
export function toInput(grid: InputGrid, stored: ArrayLike<number>, shape: readonly number[]): Float32Array {
  return eachChannel(stored, shape, grid, (value, scale, offset) => scale * value + offset);
}

/**
 * Network inputs to the nearest stored values: kept within `low … high`, and whole where the grid is.
 *
 * @param shape of one sample, channels first; `input` holds any number of samples
 */
export function toStored(grid: InputGrid, input: ArrayLike<number>, shape: readonly number[]): Float32Array {
  return eachChannel(input, shape, grid, (value, scale, offset) => {
    const clamped = Math.min(grid.high, Math.max(grid.low, (value - offset) / scale));
    return grid.whole ? Math.floor(clamped + 0.5) : clamped;
  });
}

/** The 8-bit element type that holds every value of the grid; undefined when none does. */
export function storedType(grid: InputGrid): 'uint8' | 'int8' | undefined {
  if (!grid.whole) return undefined;
  if (grid.low >= 0 && grid.high <= 255) return 'uint8';
  return grid.low >= -128 && grid.high <= 127 ? 'int8' : undefined;
}

function eachChannel(
  values: ArrayLike<number>,
  shape: readonly number[],
  grid: InputGrid,
  convert: (value: number, scale: number, offset: number) => number,
): Float32Array {
  const channels = shape[0] ?? 1;
  const plane = elementCount(shape.slice(1));
  const result = new Float32Array(values.length);
  for (let first = 0, c = 0; first < values.length; first += plane, c = (c + 1) % channels) {
    const scale = entry(grid.scale, c);
    const offset = entry(grid.offset, c);
    for (let i = first; i < first + plane; i++) result[i] = convert(values[i] as number, scale, offset);
  }
  return result;
}

function entry(values: readonly number[], channel: number): number {
  return values[values.length === 1 ? 0 : channel] as number;
}
