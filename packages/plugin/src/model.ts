import type { Graph, ValueInfo } from './graph.ts';

/** One BatchNormalization and the tensor whose statistics it remembers. */
export interface BatchNormSite {
  /** Name of the BatchNormalization node. */
  readonly node: string;
  /** The tensor that feeds it: channels on axis 1. */
  readonly tensor: string;
  readonly channels: number;
  /** Running mean and variance of that tensor, one value a channel. */
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  /** Scale (gamma) and shift (beta), one value a channel. */
  readonly scale: Float32Array;
  readonly shift: Float32Array;
  readonly epsilon: number;
}

/**
 * How stored values become the network's input: `input = scale[c] * value + offset[c]`, value in
 * `low … high` and whole when `whole` is true (pixels: 0…255). One entry a channel, or one for all.
 */
export interface InputGrid {
  readonly scale: readonly number[];
  readonly offset: readonly number[];
  readonly low: number;
  readonly high: number;
  readonly whole: boolean;
}

/** A trained network ready for data-free work: BatchNormalization un-folded, in inference mode. */
export interface Model {
  readonly graph: Graph;
  /** The one input; axis 0 counts samples, axis 1 channels. */
  readonly input: ValueInfo;
  /** The output that is treated as logits (the first one). */
  readonly output: ValueInfo;
  readonly batchNorms: readonly BatchNormSite[];
  /** The grid of valid inputs; absent when how data becomes input is not known. */
  readonly grid?: InputGrid;
  /** The operators that the graph is made of, where some are not core's own: an `OperatorSet` of `@datafree/core`. */
  readonly operators?: ReadonlyMap<string, { readonly type: string }>;
  /** SHA-256 of the model file, in hexadecimal; '' for a graph made in memory. */
  readonly hash: string;
}
