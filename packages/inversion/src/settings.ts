import type { Optimiser } from '@datafree/core';
import type { Augmentation } from './augment/view.ts';
import type { Schedule } from './schedule.ts';
import type { Term } from './terms/term.ts';

/** What one synthesis does: what is minimised, and how. */
export interface InversionSettings {
  /** The synthesizer's name, for messages and checkpoints. */
  readonly name: string;
  /** Tells runs of different settings apart in a checkpoint: the options as text. */
  readonly identity: string;
  readonly terms: readonly Term[];
  /** Samples optimised together; from the network's size when absent. */
  readonly batch?: number | undefined;
  /** Steps for each batch. */
  readonly iterations: number;
  /** Differently augmented copies of each sample in a step. */
  readonly copies: number;
  readonly augmentations: readonly Augmentation[];
  readonly optimiser: Optimiser;
  /**
   * The largest learning rate, in units of the input's range; for an `estimated` start, of eight estimated standard
   * deviations where these are narrower.
   */
  readonly learningRate: number;
  readonly schedule: Schedule;
  /**
   * When samples are put on the grid of valid inputs: for every evaluation while the optimiser goes on from unrounded
   * values (`straight-through`), or for good at every so many iterations. Without effect where the grid is not known.
   */
  readonly projection: 'straight-through' | number;
  /** Where samples start: noise that fits the first layer, or normal values over the input's range, clamped. */
  readonly start: 'estimated' | 'normal';
  /** How much samples of an `estimated` start differ in contrast: the spread of its natural logarithm; 0 when absent. */
  readonly contrast?: number | undefined;
  /** Ends a batch when its loss has not improved by a thousandth for so many iterations. */
  readonly patience?: number | undefined;
  /** Gives each sample a class: the network's own classes in turn. */
  readonly labelled: boolean;
}
