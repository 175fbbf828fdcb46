import type { Tensor } from './tensor.ts';

/** Consecutive samples: `data.dims[0]` is their number, the rest the network's input shape. */
export interface SampleBatch {
  readonly data: Tensor<'float32'>;
  /** Class of each sample, where known. */
  readonly labels?: Int32Array;
}

/** Samples in the form the network takes, and the only thing that passes between data steps. */
export interface SampleSet {
  /** Shape of one sample, without the batch axis. */
  readonly shape: readonly number[];
  readonly count: number;
  readonly labelled: boolean;
  /**
   * So many samples, from the first, were there before the set was handed out; each of the others is made when it is
   * first read. All when absent.
   */
  readonly ready?: number;
  /** Reads all samples in order, `size` at a time (the last batch may be smaller). Can be called again. */
  batches(size: number): AsyncIterable<SampleBatch>;
}
