import { numbersOf, roundHalfEven, tensorOf } from '@datafree/core';
import type { BatchNormSite, Graph, Tensor } from '@datafree/plugin';
import { storedBias } from './bias.ts';
import { foldFollowed, followedLayers } from './following.ts';
import { channelsOf } from './master.ts';
import { findQuantisers, type Quantisers, type WeightQuantiser } from './quantisers.ts';
import { stateOf } from './states.ts';

/**
 * The quantised graph with what was learned: codes, step sizes and biases are replaced, nodes stay as they are, and so
 * do the integer kernels that run them.
 *
 * @param states the states of the training step
 * @param options.batchNorms those that the step was written with; their running moments go into step sizes and biases
 * @param options.found what is quantised in the graph; looked for when absent
 */
export function exportStudent(
  quantised: Graph,
  states: ReadonlyMap<string, Tensor>,
  {
    batchNorms = new Map(),
    found = findQuantisers(quantised),
  }: { readonly batchNorms?: ReadonlyMap<string, BatchNormSite> | undefined; readonly found?: Quantisers } = {},
): Graph {
  const { weights, biases, activations } = found;
  const initializers = new Map(quantised.initializers);
  const scaleOf = (name: string): Float32Array => Float32Array.from(numbersOf(initializers.get(name) as Tensor));

  for (const scale of new Set([...weights, ...activations].map((quantiser) => quantiser.scale))) {
    const change = states.get(stateOf.step(scale));
    if (change === undefined) continue;
    const factors = numbersOf(change);
    const learned = scaleOf(scale).map((value, i) => value * Math.exp(factors[i] as number));
    initializers.set(scale, tensorOf('float32', change.dims, learned));
  }
  for (const weight of weights) {
    const state = states.get(stateOf.weight(weight.codes));
    if (state === undefined) continue;
    const stored = quantised.initializers.get(weight.codes) as Tensor;
    const scales = scaleOf(weight.scale);
    const zeros =
      weight.zeroPoint === undefined ? [0] : numbersOf(quantised.initializers.get(weight.zeroPoint) as Tensor);
    const channelAt = channelsOf(quantised, weight);
    const codes = Float64Array.from(numbersOf(state), (value, i) => {
      const channel = channelAt(i);
      const code = roundHalfEven(Math.fround(value / (scales[channel] as number))) + (zeros[channel] ?? zeros[0]!);
      return Math.min(weight.high, Math.max(weight.low, code));
    });
    initializers.set(weight.codes, tensorOf(stored.dtype, stored.dims, codes));
  }
  const foldedBiases = new Map<string, Tensor>();
  for (const layer of followedLayers(quantised, found, batchNorms)) {
    const folded = foldFollowed(layer, states);
    if (folded === undefined) continue;
    foldedBiases.set(layer.bias.name, folded.bias);
    const { inputScale } = layer.bias.quantised ?? {};
    const input = inputScale === undefined ? Number.POSITIVE_INFINITY : (scaleOf(inputScale)[0] as number);
    const least = Array.from(numbersOf(folded.bias), (value) => Math.abs(value) / (input * 2 ** 30));
    rescale(layer.weight, folded.factors, least);
  }
  for (const { name, quantised: stored } of biases) {
    const state = foldedBiases.get(name) ?? states.get(stateOf.bias(name));
    if (state === undefined) continue;
    if (stored === undefined) {
      initializers.set(name, state);
      continue;
    }
    for (const [own, tensor] of storedBias(state, stored, initializers)) initializers.set(own, tensor);
  }
  return { ...quantised, initializers };

  /** Multiplies step sizes; codes change only where a step would be too small for its bias to fit 32 bits. */
  function rescale(weight: WeightQuantiser, factors: Float64Array, least: readonly number[]): void {
    const before = scaleOf(weight.scale);
    const after = before.map((scale, c) => Math.max(scale * (factors[c] as number), least[c] as number));
    const codes = initializers.get(weight.codes) as Tensor;
    const zeros = weight.zeroPoint === undefined ? [0] : numbersOf(initializers.get(weight.zeroPoint) as Tensor);
    const channelAt = channelsOf(quantised, weight);
    const moved = Float64Array.from(numbersOf(codes), (code, i) => {
      const channel = channelAt(i);
      const zero = zeros[channel] ?? (zeros[0] as number);
      const ratio = ((before[channel] as number) * (factors[channel] as number)) / (after[channel] as number);
      return Math.round((code - zero) * ratio) + zero;
    });
    initializers.set(weight.codes, tensorOf(codes.dtype, codes.dims, moved));
    initializers.set(weight.scale, tensorOf('float32', (initializers.get(weight.scale) as Tensor).dims, after));
  }
}
