import { ChannelMoments } from '@datafree/core';
import type { Context } from '@datafree/plugin';
import { type Observation, type ObservedValues, observe } from './observe.ts';
import { ActivationStatistics } from './statistics.ts';

/** What is to be known of the activations of a network. */
export interface Wanted {
  /** Names of the tensors whose values are gathered together, by the name of the group. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** Tensors whose mean along an axis is wanted, with that axis. */
  readonly means: ReadonlyMap<string, number>;
}

/** What one pass over the samples found. */
export interface Collected {
  readonly groups: ReadonlyMap<string, ActivationStatistics>;
  /** By tensor: one mean for each entry of its axis. */
  readonly means: ReadonlyMap<string, Float64Array>;
}

/**
 * Runs the network once over all samples and gathers what is wanted. No more than one batch of activations is held.
 *
 * @throws `data-shape`, `data-empty`, `not-finite` naming the tensor, `aborted`
 */
export async function collect(
  wanted: Wanted,
  observation: Omit<Observation, 'tensors' | 'stage'>,
  context: Context,
): Promise<Collected> {
  const groups = new Map([...wanted.groups.keys()].map((name) => [name, new ActivationStatistics()]));
  const moments = new Map<string, ChannelMoments>();
  const tensors = [...wanted.groups.values()].flat().concat(...wanted.means.keys());
  await observe({ ...observation, tensors, stage: 'calibration' }, context, (valuesOf) => {
    for (const [group, names] of wanted.groups) {
      for (const name of names) {
        const { data, dims } = valuesOf(name);
        (groups.get(group) as ActivationStatistics).add(name, data, dims[0] as number);
      }
    }
    for (const [name, axis] of wanted.means) addMeans(name, axis, valuesOf(name));
  });
  return { groups, means: new Map([...moments].map(([name, own]) => [name, own.mean()])) };

  function addMeans(name: string, axis: number, { data, dims }: ObservedValues): void {
    const entries = dims[axis] as number;
    const own = moments.get(name) ?? new ChannelMoments(entries);
    moments.set(name, own);
    own.add(
      data,
      dims.slice(axis + 1).reduce((product, dim) => product * dim, 1),
    );
  }
}
