import { setImmediate } from 'node:timers/promises';
import { Random } from '@datafree/core';
import { DatafreeError, defineSynthesizer, throwIfAborted } from '@datafree/plugin';

/**
 * Radii of the discs in pixels.
 * @typedef {typeof defaults} Options
 * @typedef {import('@datafree/plugin').Model['grid']} Grid
 */
const defaults = { smallest: 1, largest: 16 };

/**
 * Dead leaves: discs on top of each other until no pixel is bare. With radii of density r^-3 they have the edges,
 * flat parts and spectrum of photographs (Lee, Mumford and Huang, "Occlusion models for natural images", 2001).
 * @param {Partial<Options>} [options]
 * @returns {import('@datafree/plugin').Synthesizer}
 */
export default function noise(options = {}) {
  const settings = parse(options);
  return defineSynthesizer({
    kind: 'synthesizer',
    name: 'noise',
    apiVersion: 1,
    supports: { needsBatchNorm: false, needsGradients: false, labels: false, deterministic: true },
    options: settings,
    async synthesize({ input, grid }, { count }, { seed, signal, onProgress }) {
      if (!Number.isInteger(count) || count < 1) throw refuse('count', 'must be a whole number from 1');
      const shape = input.shape.slice(1).map(Number);
      const length = shape.reduce((product, size) => product * size, 1);
      const values = new Float32Array(count * length);
      const random = new Random(seed).fork('noise');
      for (let n = 0; n < count; n++) {
        throwIfAborted(signal);
        drawLeaves(values.subarray(n * length, (n + 1) * length), shape, grid, settings, random.fork(n));
        onProgress({ stage: 'synthesis', unit: 'samples', done: n + 1, total: count });
        await setImmediate(); // lets an abort arrive
      }
      return {
        shape,
        count,
        labelled: false,
        async *batches(size) {
          for (let from = 0; from < count; from += size) {
            const data = values.subarray(from * length, (from + size) * length);
            yield { data: { dtype: 'float32', dims: [data.length / length, ...shape], data } };
          }
        },
      };
    },
  });
}

/**
 * Draws from the top down: a pixel keeps the first disc that covers it.
 * @type {(sample: Float32Array, shape: number[], grid: Grid, settings: Options, random: Random) => void}
 */
function drawLeaves(sample, shape, grid, { smallest, largest }, random) {
  const [channels = 1, ...space] = shape;
  const width = space.at(-1) ?? 1;
  const plane = sample.length / channels;
  const height = plane / width;
  const bare = new Set(Array.from({ length: plane }, (_, at) => at));
  while (bare.size > 0) {
    const radius = random.uniform(largest ** -2, smallest ** -2) ** -0.5;
    const [x, y] = [random.uniform(-radius, width + radius), random.uniform(-radius, height + radius)];
    const light = random.uniform();
    const colour = Array.from({ length: channels }, (_, c) => inputOf(light + 0.1 * random.uniform(-1, 1), c, grid));
    for (let row = Math.max(0, Math.ceil(y - radius)); row < Math.min(height, y + radius); row++) {
      for (let column = Math.max(0, Math.ceil(x - radius)); column < Math.min(width, x + radius); column++) {
        const at = row * width + column;
        if ((column - x) ** 2 + (row - y) ** 2 > radius ** 2 || !bare.delete(at)) continue;
        for (const [c, value] of colour.entries()) sample[c * plane + at] = value;
      }
    }
  }
}

/** @type {(light: number, channel: number, grid: Grid) => number} */
function inputOf(light, channel, grid = { scale: [4], offset: [-2], low: 0, high: 1, whole: false }) {
  const stored = grid.low + Math.min(1, Math.max(0, light)) * (grid.high - grid.low);
  const [scale = 1, offset = 0] = [grid.scale, grid.offset].map((list) => list[channel] ?? list[0]);
  return scale * (grid.whole ? Math.round(stored) : stored) + offset;
}

/** @type {(options: object) => Options} */
function parse(options) {
  const unknown = Object.keys(options).find((name) => !(name in defaults));
  if (unknown !== undefined) throw refuse(unknown, 'is unknown');
  const settings = { ...defaults, ...options };
  for (const [name, value] of Object.entries(settings)) {
    if (!(typeof value === 'number' && value > 0 && value < 1e6)) throw refuse(name, 'must be a positive number');
  }
  if (settings.largest <= settings.smallest) throw refuse('largest', 'must be larger than smallest');
  return settings;
}

/** @type {(path: string, why: string) => DatafreeError} */
const refuse = (path, why) => new DatafreeError('option-invalid', `noise: ${path}: ${why}`, { plugin: 'noise', path });
