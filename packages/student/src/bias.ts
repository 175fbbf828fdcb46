import { div, type GraphBuilder, mul, numbersOf, round, roundHalfEven, tensorOf, type Value } from '@datafree/core';
import type { Graph, Tensor } from '@datafree/plugin';
import type { BiasCodes } from './quantisers.ts';

const largest = 2 ** 31 - 1;

/** The bias that codes stand for. */
export function decodedBias(graph: Graph, { codes, scale }: BiasCodes): Tensor<'float32'> {
  const stored = graph.initializers.get(codes) as Tensor;
  const scales = numbersOf(graph.initializers.get(scale) as Tensor);
  const values = Float64Array.from(numbersOf(stored), (code, i) => code * (scales[i] ?? (scales[0] as number)));
  return tensorOf('float32', stored.dims, values);
}

/**
 * The graph's initializers of a bias: its codes, and their steps, which are those of the products that its layer sums.
 *
 * @param bias its values; @param initializers of the graph, with the steps of input and weight as they are now
 */
export function storedBias(
  bias: Tensor,
  { codes, scale, inputScale, weightScale }: BiasCodes,
  initializers: ReadonlyMap<string, Tensor>,
): ReadonlyMap<string, Tensor> {
  const numbers = (name: string) => numbersOf(initializers.get(name) as Tensor);
  const input = numbers(inputScale)[0] as number;
  const weights = numbers(weightScale);
  const before = initializers.get(scale) as Tensor;
  const steps = Float32Array.from(numbersOf(before), (_, i) => input * (weights[i] ?? (weights[0] as number)));
  const whole = Float64Array.from(numbersOf(bias), (value, i) => {
    const code = roundHalfEven(value / (steps[i] ?? (steps[0] as number)));
    return Math.min(largest, Math.max(-largest, code));
  });
  return new Map<string, Tensor>([
    [codes, tensorOf('int32', bias.dims, whole)],
    [scale, tensorOf('float32', before.dims, steps)],
  ]);
}

/** A bias at whole steps, as it will be stored; gradients pass as if it were not rounded. @param step one, or one a value */
export function roundBias(b: GraphBuilder, bias: Value, step: Value): Value {
  const rounded = mul(b, round(b, div(b, bias, step)), step);
  if (b.constantOf(rounded) !== undefined) return rounded;
  return b.setGradient(rounded, { inputs: [bias], gradient: (dy) => [dy] });
}
