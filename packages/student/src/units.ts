import { numbersOf } from '@datafree/core';
import type { Graph, Tensor } from '@datafree/plugin';
import { stepsOf } from './master.ts';
import { type ActivationQuantiser, type Bias, findQuantisers, type WeightQuantiser } from './quantisers.ts';
import { stateOf } from './states.ts';

/**
 * What states of a student count in, so that a learning rate means the same in every network, layer and channel, however
 * they are scaled: a weight in steps of its grid; a bias in what a weight of one step adds where its input is in the
 * middle of its range; the logarithm of a gamma in what one step is of half the grid.
 *
 * @returns a unit for each element, by the name of the state
 */
export function unitsOf(graph: Graph): ReadonlyMap<string, Float32Array> {
  const { weights, biases, activations } = findQuantisers(graph);
  const units = new Map<string, Float32Array>();
  const numbers = (name: string): ArrayLike<number> => numbersOf(graph.initializers.get(name) as Tensor);
  const byOutput = new Map(weights.map((weight) => [weight.node.outputs[0] as string, weight]));
  for (const weight of weights) {
    const stepAt = stepsOf(graph, weight);
    units.set(
      stateOf.weight(weight.codes),
      Float32Array.from(numbers(weight.codes), (_, i) => stepAt(i)),
    );
  }
  for (const layer of graph.nodes) {
    const weight = byOutput.get(layer.inputs[1] ?? '');
    const bias = biases.find(({ name }) => name === layer.inputs[2]);
    if (weight !== undefined) {
      const gamma = 2 / (weight.high - weight.low);
      units.set(stateOf.gamma(layer.name), new Float32Array(numbers(weight.scale).length).fill(gamma));
    }
    if (bias !== undefined) units.set(stateOf.bias(bias.name), biasUnits(numbers, bias, weight, activations));
  }
  return units;
}

/** Steps from 0 to the end of a grid of 4 bits, which biases of a layer whose weights are not quantised are taken to have. */
const assumedSteps = 7;

function biasUnits(
  numbers: (name: string) => ArrayLike<number>,
  { name, quantised }: Bias,
  weight: WeightQuantiser | undefined,
  activations: readonly ActivationQuantiser[],
): Float32Array {
  const values = numbers(quantised?.codes ?? name);
  if (weight === undefined) {
    const largest = Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return new Float32Array(values.length).fill(largest / assumedSteps || 1);
  }
  const input = activations.find(({ scale }) => scale === quantised?.inputScale);
  const middle = input === undefined ? 1 : ((input.high - input.low) / 2) * (numbers(input.scale)[0] as number);
  const scales = numbers(weight.scale);
  return Float32Array.from(values, (_, i) => (scales[i] ?? (scales[0] as number)) * middle);
}
