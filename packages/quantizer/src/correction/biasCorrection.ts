import { attribute, float32Of } from '@datafree/core';
import type { Node, Tensor } from '@datafree/plugin';
import type { LayerWeights } from '../emit/layerWeights.ts';
import type { Topology } from '../topology.ts';

/** The axis of a layer's input along which its weights are summed up; undefined for layers that are not corrected. */
export function summedAxis(node: Node): number | undefined {
  return node.op === 'Conv' || node.op === 'Gemm' ? 1 : undefined;
}

/**
 * The bias of a layer, less the mean error that rounding its weights makes in each output channel:
 * `E[ΔW·x] = Σ ΔW·E[x]` (Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", 2019),
 * E[x] being the mean of each input channel on the samples.
 */
export function correctedBias(
  node: Node,
  topology: Topology,
  { quantised: { codes, scales, zeroPoints } }: LayerWeights,
  inputMeans: Float64Array,
): Float32Array {
  const weights = topology.constant(node.inputs[1]) as Tensor;
  const values = float32Of(weights);
  const [outputs, inputs] = weights.dims as [number, number];
  const taps = values.length / (outputs * inputs);
  const outputsOfGroup = outputs / (node.op === 'Conv' ? attribute.intOf(node, 'group', 1) : 1);
  const bias = topology.constant(node.inputs[2]);
  const old = bias === undefined ? new Float32Array(outputs) : float32Of(bias);
  return old.map((value, output) => {
    const grid = scales.length === 1 ? 0 : output;
    const scale = scales[grid] as number;
    const zeroPoint = zeroPoints[grid] as number;
    const firstInput = Math.floor(output / outputsOfGroup) * inputs;
    let shift = 0;
    for (let input = 0; input < inputs; input++) {
      let difference = 0;
      for (let tap = 0; tap < taps; tap++) {
        const at = (output * inputs + input) * taps + tap;
        difference += ((codes[at] as number) - zeroPoint) * scale - (values[at] as number);
      }
      shift += difference * (inputMeans[firstInput + input] as number);
    }
    return value - shift;
  });
}
