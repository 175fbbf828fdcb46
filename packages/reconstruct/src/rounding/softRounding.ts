import { add, clip, type GraphBuilder, mul, numbersOf, sigmoid, tensorOf, type Value } from '@datafree/core';
import type { Graph, Tensor } from '@datafree/plugin';
import { channelsOf, decodedWeight, type WeightQuantiser } from '@datafree/student';

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
  /** Which of the two codes it has, 0 or 1. */
  readonly chosen: Float32Array;
  /** Step size of each element. */
  readonly sizes: Float32Array;
}

/**
 * The two codes next to each element of a weight, or, where it was rounded to neither of them, its code and the one
 * beside it that is nearer to the element. Elements beyond both count as lying on one.
 *
 * @param first the weight before it was rounded
 */
export function roundingGrid(graph: Graph, weight: WeightQuantiser, first: Tensor): RoundingGrid {
  const scales = numbersOf(graph.initializers.get(weight.scale) as Tensor);
  const zeros = weight.zeroPoint === undefined ? [0] : numbersOf(graph.initializers.get(weight.zeroPoint) as Tensor);
  const values = numbersOf(first);
  const channelAt = channelsOf(graph, weight);
  const decoded = decodedWeight(graph, weight).data;
  const [floors, rests, sizes, chosen] = [0, 1, 2, 3].map(() => new Float32Array(values.length)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  for (let i = 0; i < values.length; i++) {
    const channel = channelAt(i);
    const size = scales[channel] as number;
    const zero = zeros[channel] ?? (zeros[0] as number);
    const [low, high] = [weight.low - zero, weight.high - zero];
    const position = Math.min(high, Math.max(low, (values[i] as number) / size));
    const code = Math.round((decoded[i] as number) / size);
    const floor = Math.min(high - 1, code, Math.max(code - 1, low, Math.floor(position)));
    floors[i] = floor;
    rests[i] = Math.min(1, Math.max(0, position - floor));
    sizes[i] = size;
    chosen[i] = code - floor;
  }
  return { weight, dims: first.dims, floors, rests, sizes, chosen };
}

/** How far the way from where an element lies to its code is gone before the first step. */
const chosenBefore = 0.8;

/** The rounding variables that learning starts from: most of the way from the weight before rounding to its code. */
export function startOf({ dims, rests, chosen }: RoundingGrid): Tensor<'float32'> {
  const variables = Float64Array.from(rests, (lies, i) => {
    const start = lies + chosenBefore * ((chosen[i] as number) - lies);
    const share = (start - gamma) / (zeta - gamma);
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
