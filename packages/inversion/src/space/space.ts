import { add, clip, type GraphBuilder, mul, round, tensorOf, type Value } from '@datafree/core';
import type { Model } from '@datafree/plugin';
import type { InputEstimate } from '../estimate/estimate.ts';
import { perChannel } from './perChannel.ts';
import { sampleShape } from './shape.ts';

/**
 * The space that samples are searched in: every channel is stretched so that its values lie about 0 … 1, whatever the
 * network takes. `input = scale[c] · unit + offset[c]`. Learning rates and priors mean the same for every network.
 */
export interface SearchSpace {
  /** Shape of one sample, channels first. */
  readonly shape: readonly number[];
  /** One value a channel. */
  readonly scale: readonly number[];
  /** One value a channel. */
  readonly offset: readonly number[];
  /** Whether values end at 0 and 1. */
  readonly bounded: boolean;
  /** Number of steps between 0 and 1 where only whole steps are valid: 255 for pixels. */
  readonly steps: number | undefined;
}

/** A spread of four standard deviations stands for the range where the range is not known. */
const deviationsAcross = 4;

/**
 * How wide the inputs that a network was trained on spread, as a part of 0 … 1 of the search space: eight estimated
 * standard deviations, at most the whole. Learning rates are meant for inputs that fill the range.
 */
export function spreadOf({ scale }: SearchSpace, estimate: InputEstimate): number {
  if (!estimate.known) return 1;
  const widths = scale.map((s, c) => Math.min(1, (deviationsWide * (estimate.deviation[c] as number)) / Math.abs(s)));
  return widths.reduce((sum, width) => sum + width, 0) / widths.length;
}

/** Nearly all values lie within four standard deviations of the mean. */
const deviationsWide = 8;

/**
 * The search space of a network: the range of its {@link Model.grid} where that is known, otherwise two standard
 * deviations to each side of the estimated mean, without bounds.
 *
 * @throws `input-unsupported` for a free dimension other than the batch
 */
export function searchSpace(model: Model, estimate: InputEstimate): SearchSpace {
  const shape = sampleShape(model);
  const channels = shape[0] as number;
  const { grid } = model;
  if (grid === undefined) {
    const width = deviationsAcross * Math.sqrt(estimate.deviation.reduce((sum, d) => sum + d * d, 0) / channels);
    return {
      shape,
      scale: estimate.mean.map(() => width),
      offset: estimate.mean.map((mean) => mean - width / 2),
      bounded: false,
      steps: undefined,
    };
  }
  const width = grid.high - grid.low;
  const scale = perChannel(grid.scale, channels);
  return {
    shape,
    scale: scale.map((s) => s * width),
    offset: perChannel(grid.offset, channels).map((offset, c) => offset + (scale[c] as number) * grid.low),
    bounded: true,
    steps: grid.whole ? width : undefined,
  };
}

/** Writes the network input that unit values stand for. */
export function toInput(b: GraphBuilder, space: SearchSpace, unit: Value): Value {
  const dims = [1, ...space.shape.map((size, axis) => (axis === 0 ? size : 1))];
  const constant = (values: readonly number[]) => b.constant(tensorOf('float32', dims, values));
  return add(b, mul(b, unit, constant(space.scale)), constant(space.offset));
}

/** Writes the nearest valid unit values: clamped to the bounds and rounded to the steps. */
export function project(b: GraphBuilder, space: SearchSpace, unit: Value): Value {
  if (!space.bounded) return unit;
  const clamped = clip(b, unit, 0, 1);
  const { steps } = space;
  return steps === undefined ? clamped : mul(b, round(b, mul(b, clamped, steps)), 1 / steps);
}

/** The network input of the valid values nearest to `unit`, values laid out as [samples, …shape]. */
export function inputOf(space: SearchSpace, unit: Float32Array): Float32Array {
  const { bounded, steps } = space;
  return mapChannels(space, unit, (value, scale, offset) => {
    const clamped = bounded ? Math.min(1, Math.max(0, value)) : value;
    return steps === undefined ? scale * clamped + offset : (scale / steps) * Math.round(clamped * steps) + offset;
  });
}

/** The unit values of network inputs, kept within the bounds. */
export function unitOf(space: SearchSpace, input: Float32Array): Float32Array {
  return mapChannels(space, input, (value, scale, offset) => {
    const unit = (value - offset) / scale;
    return space.bounded ? Math.min(1, Math.max(0, unit)) : unit;
  });
}

function mapChannels(
  { shape, scale, offset }: SearchSpace,
  values: Float32Array,
  map: (value: number, scale: number, offset: number) => number,
): Float32Array {
  const [channels = 1, ...spatial] = shape;
  const inner = spatial.reduce((product, size) => product * size, 1);
  const result = new Float32Array(values.length);
  for (let from = 0, c = 0; from < values.length; from += inner, c = (c + 1) % channels) {
    const s = scale[c] as number;
    const o = offset[c] as number;
    for (let i = from; i < from + inner; i++) result[i] = map(values[i] as number, s, o);
  }
  return result;
}
