import { elementCount } from '@datafree/core';
import { DatafreeError, type InputGrid, type SampleSet } from '@datafree/plugin';
import { encode } from 'fast-png';
import { toStored } from '../preprocess/grid.ts';

/** How a contact sheet is drawn. */
export interface ContactSheetOptions {
  /** How inputs go back to pixels; without it every tile is stretched from its lowest to its highest value. */
  readonly grid?: InputGrid | undefined;
  /** Tiles in a row; what makes the sheet about square when absent. */
  readonly columns?: number | undefined;
  /** Draws at most so many samples, from the first; 64 when absent. */
  readonly limit?: number | undefined;
}

/**
 * Draws samples as tiles of one PNG picture.
 *
 * Three channels are RGB. Everything else is grey: of two channels, or more than three, only the first is drawn;
 * [C, L] becomes a tile of C rows and L columns; more than two spatial axes are laid out below each other. Inputs on a
 * grid of bytes 0…255 keep their brightness; others (features) are stretched to the range of their tile. Small tiles
 * are enlarged by a whole factor.
 *
 * @returns the bytes of the PNG file
 * @throws `option-invalid` for a number of columns or samples below 1, and what reading the samples throws
 */
export async function contactSheet(samples: SampleSet, options: ContactSheetOptions = {}): Promise<Uint8Array> {
  const count = Math.min(samples.count, whole('limit', options.limit ?? 64));
  const { height, width, channels } = tileOf(samples.shape);
  const columns = Math.min(
    count,
    whole('columns', options.columns ?? Math.max(1, Math.round(Math.sqrt((count * height) / width)))),
  );
  const rows = Math.ceil(count / columns);
  const zoom = Math.max(1, Math.floor(smallestTile / Math.max(height, width)));
  const sheet = new Sheet(columns * (width * zoom + gap) + gap, rows * (height * zoom + gap) + gap, channels);
  let index = 0;
  for await (const { data } of samples.batches(Math.min(count, 64))) {
    const size = elementCount(samples.shape);
    for (let first = 0; first < data.data.length && index < count; first += size, index++) {
      const pixels = pixelsOf(data.data.subarray(first, first + size), samples.shape, channels, options.grid);
      const left = gap + (index % columns) * (width * zoom + gap);
      const top = gap + Math.floor(index / columns) * (height * zoom + gap);
      sheet.draw(pixels, { left, top, width, zoom });
    }
    if (index === count) break;
  }
  return encode({ width: sheet.width, height: sheet.height, data: sheet.data, channels, depth: 8 });
}

/** Pixels between tiles and around them. */
const gap = 2;
/** The longer side of a tile is enlarged to about this many pixels. */
const smallestTile = 64;
const white = 255;

function tileOf(shape: readonly number[]): { height: number; width: number; channels: 1 | 3 } {
  const [channels = 1, ...positions] = shape;
  const width = positions.at(-1) ?? channels;
  if (positions.length < 2) return { height: positions.length === 0 ? 1 : channels, width, channels: 1 };
  return { height: elementCount(positions.slice(0, -1)), width, channels: channels === 3 ? 3 : 1 };
}

/** One sample as bytes, channel after channel. */
function pixelsOf(
  sample: Float32Array,
  shape: readonly number[],
  channels: 1 | 3,
  grid: InputGrid | undefined,
): Uint8ClampedArray {
  const drawn = shape.length < 3 ? sample.length : channels * elementCount(shape.slice(1));
  if (grid?.whole && grid.low === 0 && grid.high === 255) {
    return Uint8ClampedArray.from(toStored(grid, sample, shape).subarray(0, drawn));
  }
  const values = sample.subarray(0, drawn);
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  return Uint8ClampedArray.from(values, (value) => (high > low ? (255 * (value - low)) / (high - low) : 0));
}

class Sheet {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;

  constructor(width: number, height: number, channels: number) {
    this.width = width;
    this.height = height;
    this.channels = channels;
    this.data = new Uint8Array(width * height * channels).fill(white);
  }

  /** @param pixels channel after channel, row after row */
  draw(pixels: Uint8ClampedArray, at: { left: number; top: number; width: number; zoom: number }): void {
    const plane = pixels.length / this.channels;
    const { left, top, width, zoom } = at;
    for (let c = 0; c < this.channels; c++) {
      for (let y = 0; y < (plane / width) * zoom; y++) {
        for (let x = 0; x < width * zoom; x++) {
          const from = c * plane + Math.floor(y / zoom) * width + Math.floor(x / zoom);
          this.data[((top + y) * this.width + left + x) * this.channels + c] = pixels[from] as number;
        }
      }
    }
  }
}

function whole(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new DatafreeError('option-invalid', `A contact sheet cannot have ${value} for ${name}.`, { path: name });
}
