import { add, clip, type GraphBuilder, mul, numbersOf, sigmoid, tensorOf, type Value } from '@datafree/core';
import type { Graph, Tensor } from '@datafree/plugin';
import { channelAt, type WeightQuantiser } from '@datafree/student';

/** Ends of the stretched sigmoid (Louizos et al. 2018; zeta and gamma of AdaRound). */
const zeta = 1.1;
const gamma = -0.1;

/** A weight between the two codes that each of its elements may be rounded to. */
export interface RoundingGrid {
  readonly weight: WeightQuantiser;
  readonly dims: readonly number[];
  /** The lower code of each element, counted from the zero point. */
  readonly floors: Float32Array;
  /** How far above it the element lies, from 0 to 1. */
  readonly rests: Float32Array;
  /** Step size of each element. */
  readonly sizes: Float32Array;
}

/**
 * The two codes next to each element of a weight. Elements beyond the grid count as lying on its end.
 *
 * @param first the weight before it was rounded
 */
export function roundingGrid(graph: Graph, weight: WeightQuantiser, first: Tensor): RoundingGrid {
  const scales = numbersOf(graph.initializers.get(weight.scale) as Tensor);
  const zeros = weight.zeroPoint === undefined ? [0] : numbersOf(graph.initializers.get(weight.zeroPoint) as Tensor);
  const values = numbersOf(first);
  const [floors, rests, sizes] = [0, 1, 2].map(() => new Float32Array(values.length)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (let i = 0; i < values.length; i++) {
    const channel = channelAt(graph, weight, i);
    const size = scales[channel] as number;
    const zero = zeros[channel] ?? (zeros[0] as number);
    const [low, high] = [weight.low - zero, weight.high - zero];
    const position = Math.min(high, Math.max(low, (values[i] as number) / size));
    const floor = Math.min(high - 1, Math.floor(position));
    floors[i] = floor;
    rests[i] = position - floor;
    sizes[i] = size;
  }
  return { weight, dims: first.dims, floors, rests, sizes };
}

/** The rounding variables at which every element has the value that it had before rounding: `h(V) = rest`. */
export function startOf({ dims, rests }: RoundingGrid): Tensor<'float32'> {
  const variables = Float64Array.from(rests, (rest) => {
    const share = (rest - gamma) / (zeta - gamma);
    return Math.log(share / (1 - share));
  });
  return tensorOf('float32', dims, variables);
}

/** `h(V) = clip(sigmoid(V) · (zeta − gamma) + gamma, 0, 1)`, the part of a step that is added to the lower code. */
export function rectifiedSigmoid(b: GraphBuilder, variables: Value): Value {
  return clip(b, add(b, mul(b, sigmoid(b, variables), zeta - gamma), gamma), 0, 1);
}

/** The weight while it is between its codes (Nagel et al. 2020, "Up or Down?", equation 22). */
export function softWeight(b: GraphBuilder, grid: RoundingGrid, fraction: Value): Value {
  const constant = (values: Float32Array) => b.constant(tensorOf('float32', grid.dims, values));
  return mul(b, add(b, constant(grid.floors), fraction), constant(grid.sizes));
}

/** The weight once each element has gone to the code that it is nearer to by its rounding variable. */
export function hardWeight({ dims, floors, sizes }: RoundingGrid, variables: Tensor): Tensor<'float32'> {
  // h is one half where the sigmoid is, at zero: both ends of it are as far from its middle.
  const decided = Array.from(numbersOf(variables), (variable, i) => {
    return ((floors[i] as number) + (variable >= 0 ? 1 : 0)) * (sizes[i] as number);
  });
  return tensorOf('float32', dims, decided);
}
