import type { SampleSet } from '@datafree/plugin';

/** Steps that draw from the first samples of a set. */
export interface Phase {
  /** The first step. */
  readonly from: number;
  /** How many samples it draws from. */
  readonly count: number;
}

/**
 * How many samples a step draws from. All of a set that is there. Of one that is still being made: an epoch of those
 * that are ready, or of a batch, then an epoch of twice as many, and so on: the whole set is there before it could have
 * been drawn twice.
 *
 * @returns in the order of their steps; the last one goes on for ever and has all samples
 */
export function phasesOf({ count, ready = count }: SampleSet, batch: number): readonly Phase[] {
  const phases: Phase[] = [];
  let from = 0;
  for (let known = Math.max(ready, Math.min(batch, count)); known < count; known *= 2) {
    phases.push({ from, count: known });
    from += Math.ceil(known / batch);
  }
  return [...phases, { from, count }];
}
