import type { Random } from '@datafree/core';

/** One part of a random field: noise of one grain. */
export interface Octave {
  /** Distance of the independent values in pixels; between them it is interpolated. `Infinity`: one value a sample. */
  readonly grain: number;
  /** The same in all channels (grey), or independent in each. */
  readonly shared: boolean;
  /** Its variance, in units of the squared network input. */
  readonly variance: number;
}

/**
 * Adds noise of one grain and mean 0 to `field` [samples, channels, …size]: normal values on a lattice of spacing
 * `grain` with a random origin, linearly interpolated, scaled so that the variance is `octave.variance` on average.
 */
export function addNoise(field: Float32Array, shape: readonly number[], octave: Octave, random: Random): void {
  const [channels = 1, ...size] = shape;
  const inner = size.reduce((product, length) => product * length, 1);
  const samples = field.length / (channels * inner);
  const deviation = Math.sqrt(octave.variance);
  for (let n = 0; n < samples; n++) {
    let plane: Float32Array | undefined;
    for (let c = 0; c < channels; c++) {
      if (plane === undefined || !octave.shared) plane = noisePlane(size, octave.grain, deviation, random);
      const from = (n * channels + c) * inner;
      for (let i = 0; i < inner; i++) field[from + i] = (field[from + i] as number) + (plane[i] as number);
    }
  }
}

function noisePlane(size: readonly number[], grain: number, deviation: number, random: Random): Float32Array {
  const inner = size.reduce((product, length) => product * length, 1);
  if (grain === Number.POSITIVE_INFINITY)
    return new Float32Array(inner).fill(random.normals(1, 0, deviation)[0] as number);
  if (grain <= 1) return random.normals(inner, 0, deviation);
  const nodes = size.map((length) => Math.ceil(length / grain) + 2);
  // Linear interpolation between two independent values keeps ∫ t² + (1−t)² dt = 2/3 of the variance along each axis.
  const gain = deviation * 1.5 ** (size.length / 2);
  let plane = random.normals(
    nodes.reduce((product, count) => product * count, 1),
    0,
    gain,
  );
  let before = 1;
  size.forEach((length, axis) => {
    const count = nodes[axis] as number;
    const after = nodes.slice(axis + 1).reduce((product, n) => product * n, 1);
    const origin = random.uniform();
    const finer = new Float32Array(before * length * after);
    for (let i = 0; i < length; i++) {
      const position = origin + i / grain;
      const node = Math.floor(position);
      const part = position - node;
      for (let o = 0; o < before; o++) {
        const from = (o * count + node) * after;
        const to = (o * length + i) * after;
        for (let k = 0; k < after; k++) {
          finer[to + k] = (1 - part) * (plane[from + k] as number) + part * (plane[from + after + k] as number);
        }
      }
    }
    plane = finer;
    before *= length;
  });
  return plane;
}
