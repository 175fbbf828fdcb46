import { numbersOf } from '@datafree/core';
import type { Graph } from '@datafree/plugin';
import { decodedWeight } from './master.ts';
import { findQuantisers } from './quantisers.ts';

/**
 * Part of the quantised weights, zeros left out, that have the sign of the network's. Rounding, equalization and learning
 * leave nearly all of them as they were; of a network that knows nothing of the other one half agree.
 *
 * @param folded the network with BatchNormalization folded
 * @returns from 0 to 1; undefined where the two have no weight in common
 */
export function sharedSigns(quantised: Graph, folded: Graph): number | undefined {
  let [shared, all] = [0, 0];
  for (const weight of findQuantisers(quantised).weights) {
    const own = folded.initializers.get(weight.node.outputs[0] as string);
    const { dims, data } = decodedWeight(quantised, weight);
    if (own === undefined || String(own.dims) !== String(dims)) continue;
    const values = numbersOf(own);
    data.forEach((value, i) => {
      if (value === 0) return;
      all++;
      if (Math.sign(value) === Math.sign(values[i] as number)) shared++;
    });
  }
  return all === 0 ? undefined : shared / all;
}
