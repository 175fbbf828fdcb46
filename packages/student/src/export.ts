import { numbersOf, roundHalfEven, tensorOf } from '@datafree/core';
import type { Graph, Tensor } from '@datafree/plugin';
import { channelAt } from './master.ts';
import { findQuantisers } from './quantisers.ts';
import { stateOf } from './student.ts';

/**
 * The quantised graph with what was learned: codes, step sizes and biases are replaced, nodes stay as they are, and so
 * do the integer kernels that run them.
 *
 * @param states the states of the training step
 */
export function exportStudent(quantised: Graph, states: ReadonlyMap<string, Tensor>): Graph {
  const { weights, biases, activations } = findQuantisers(quantised);
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
    const codes = Float64Array.from(numbersOf(state), (value, i) => {
      const channel = channelAt(quantised, weight, i);
      const code = roundHalfEven(Math.fround(value / (scales[channel] as number))) + (zeros[channel] ?? zeros[0]!);
      return Math.min(weight.high, Math.max(weight.low, code));
    });
    initializers.set(weight.codes, tensorOf(stored.dtype, stored.dims, codes));
  }
  for (const { name, quantised: stored } of biases) {
    const state = states.get(stateOf.bias(name));
    if (state === undefined) continue;
    if (stored === undefined) {
      initializers.set(name, state);
      continue;
    }
    const input = scaleOf(stored.inputScale)[0] as number;
    const scales = scaleOf(stored.weightScale).map((scale) => Math.fround(input * scale));
    const whole = Float64Array.from(numbersOf(state), (value, i) => {
      const code = roundHalfEven(value / (scales[i] ?? (scales[0] as number)));
      return Math.min(largestBias, Math.max(-largestBias, code));
    });
    const { dims } = quantised.initializers.get(stored.scale) as Tensor;
    initializers.set(stored.codes, tensorOf('int32', state.dims, whole));
    initializers.set(stored.scale, tensorOf('float32', dims, scales));
  }
  return { ...quantised, initializers };
}

const largestBias = 2 ** 31 - 1;
