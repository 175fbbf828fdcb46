import type { GraphBuilder, Value } from '@datafree/core';
import type { Model } from '@datafree/plugin';
import type { InputEstimate } from '../estimate/estimate.ts';

/** One part of what is minimised. */
export interface Term {
  /** Its name in progress events: "bns", "class", "prior". */
  readonly name: string;
  /** Its factor in the sum. */
  readonly weight: number;
  /** Names of the network's inner values that it reads; only what these need becomes part of a step. */
  reads(model: Model): readonly string[];
  /** Writes it: a scalar, without the weight. */
  write(scope: TermScope): Value;
}

/** What a term can build on. n is the number of samples times the number of copies. */
export interface TermScope {
  readonly builder: GraphBuilder;
  readonly model: Model;
  readonly estimate: InputEstimate;
  /** The samples in units of their range, before augmentation: [samples, …shape]. */
  readonly unit: Value;
  /** What enters the network: augmented copies, [n, …shape]. */
  readonly input: Value;
  /** An inner value of the network. */
  network(name: string): Value;
  /** The class of each copy as one-hot rows: [n, classes]. */
  classes(): Value;
  /**
   * The mean of a value over the whole set so far: over the batches that are finished, by their sizes, and this one.
   * Its derivative is that of this batch's part.
   *
   * @param name unique within the term
   */
  overSet(name: string, value: Value): Value;
}
