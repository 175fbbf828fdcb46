import { numbersOf } from '@datafree/core';
import { DatafreeError, type Graph } from '@datafree/plugin';
import { masterWeight, type Quantisers } from '@datafree/student';

/** Part of the elements of a weight that may not be what the network's were rounded to. */
const strange = 0.1;

/**
 * Makes sure that activations of the quantised network can be compared with the network's: no layer was rescaled.
 *
 * @param folded the network with BatchNormalization folded
 * @throws `unsupported` naming the layer
 */
export function refuseRescaled(quantised: Graph, folded: Graph, { weights }: Quantisers): void {
  for (const weight of weights) {
    const name = weight.node.outputs[0] as string;
    const original = folded.initializers.get(name);
    const master = masterWeight(quantised, folded, weight);
    if (original === undefined || String(original.dims) !== String(master.dims)) continue;
    const values = numbersOf(original);
    const different = master.data.reduce((sum, value, i) => sum + (value === values[i] ? 0 : 1), 0);
    if (different <= strange * master.data.length) continue;
    throw new DatafreeError(
      'unsupported',
      `The codes of "${name}" are far from those that the network's weight is rounded to: its layer was rescaled, or they were solved for on samples that tell little of it.`,
      {
        tensor: name,
        hint: 'Quantise without equalization, reconstruct a file that was only calibrated, or fine-tune by distil.',
      },
    );
  }
}
