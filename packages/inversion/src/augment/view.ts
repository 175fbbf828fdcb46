import type { Random } from '@datafree/core';

/**
 * How one axis of a sample is looked at: the target's pixel `i` shows the source around `scale · i + offset`, in pixels
 * counted from the centre of the first.
 */
export interface AxisView {
  readonly scale: number;
  readonly offset: number;
  /** Standard deviation of the Gaussian that the source is smoothed with, in pixels; 0 for none. */
  readonly blur: number;
  /** What lies beyond the axis is a margin; it mirrors the axis otherwise. */
  readonly padded: boolean;
}

/** A box that is blanked out: from `low` (included) to `high` (excluded) along each spatial axis. */
export interface Hole {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** How a sample is looked at. */
export interface View {
  /** One entry a spatial axis. */
  readonly axes: readonly AxisView[];
  readonly holes: readonly Hole[];
  /** What the distance of each value from its channel's mean is multiplied with; 1 for its contrast as it is. */
  readonly gain: number;
  /** What is added to each value, in standard deviations of its channel; 0 for its brightness as it is. */
  readonly offset: number;
}

/** A random change of how a sample is looked at, drawn anew for every copy of every sample at every iteration. */
export interface Augmentation {
  readonly name: string;
  /** Spatial axes that it may resample, of so many. */
  resamples(rank: number): readonly number[];
  /** Whether it may blank out parts. */
  readonly blanks: boolean;
  /** Whether it may change gain or offset; it does not when absent. */
  readonly jitters?: boolean;
  /** Whether it may show what lies beyond the sample as a margin; it does not when absent. */
  readonly pads?: boolean;
  /** Draws what is seen of `view`. @param size the spatial size */
  draw(view: View, size: readonly number[], random: Random): View;
}

/** The sample as it is. */
export function plainView(rank: number): View {
  const axes = Array.from({ length: rank }, () => ({ scale: 1, offset: 0, blur: 0, padded: false }));
  return { axes, holes: [], gain: 1, offset: 0 };
}

/** Looks at axis `axis` of a view through `scale · i + offset`. */
export function resample(view: View, axis: number, scale: number, offset: number): View {
  return withAxis(view, axis, (seen) => ({
    ...seen,
    scale: seen.scale * scale,
    offset: seen.scale * offset + seen.offset,
  }));
}

/** A view with one axis replaced. */
export function withAxis(view: View, axis: number, change: (seen: AxisView) => AxisView): View {
  return { ...view, axes: view.axes.map((seen, a) => (a === axis ? change(seen) : seen)) };
}

/** Every spatial axis. */
export function everyAxis(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => axis);
}
