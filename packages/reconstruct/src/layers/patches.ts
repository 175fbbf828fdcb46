import { attribute, elementCount, type GraphBuilder, reshape, tensorOf, transpose, type Value } from '@datafree/core';
import type { Node } from '@datafree/plugin';

/** A layer whose outputs are sums of products of its input and of weights. */
export interface Layer {
  /** Conv, Gemm or MatMul. */
  readonly node: Node;
  /** Shape of its weights, and of one sample of its input. */
  readonly weight: readonly number[];
  readonly input: readonly number[];
}

/** How the weights of a layer lie: `groups` times `outputs / groups` rows of `terms` values that are summed up. */
export interface Arrangement {
  readonly groups: number;
  readonly terms: number;
  readonly outputs: number;
  /** The place in the weights of term `term` of output `output`. */
  at(output: number, term: number): number;
}

/** The arrangement of a layer; undefined for a layer that is none of those that are known. */
export function arrangementOf({ node, weight, input }: Layer): Arrangement | undefined {
  const [first, second] = weight as [number, number];
  if (node.op === 'Conv') {
    const groups = attribute.intOf(node, 'group', 1);
    const terms = elementCount(weight.slice(1));
    return { groups, terms, outputs: first, at: (output, term) => output * terms + term };
  }
  if (weight.length !== 2 || (node.op !== 'Gemm' && node.op !== 'MatMul')) return undefined;
  if (node.op === 'Gemm' && (input.length !== 1 || attribute.intOf(node, 'transA', 0) !== 0)) return undefined;
  return node.op === 'Gemm' && attribute.intOf(node, 'transB', 0) !== 0
    ? { groups: 1, terms: second, outputs: first, at: (output, term) => output * second + term }
    : { groups: 1, terms: first, outputs: second, at: (output, term) => term * second + output };
}

/**
 * Writes what the weights of a layer are multiplied with: `[groups, terms, sums]`, the terms in the order of the
 * weights, a column for each sum that the layer forms. A convolution with one-hot weights cuts them out, so that strides,
 * padding and dilation are the layer's own.
 */
export function writePatches(
  b: GraphBuilder,
  x: Value,
  { node, weight }: Layer,
  { groups, terms }: Arrangement,
): Value {
  if (node.op !== 'Conv') return transpose(b, reshape(b, x, [1, elementCount(x.shape) / terms, terms]), [0, 2, 1]);
  const kernel = weight.slice(2);
  const taps = elementCount(kernel);
  const channels = x.shape[1] as number;
  const oneHot = new Float32Array(channels * taps * taps);
  for (let row = 0; row < channels * taps; row++) oneHot[row * taps + (row % taps)] = 1;
  const picked = b.op('Conv', [x, b.constant(tensorOf('float32', [channels * taps, 1, ...kernel], oneHot))], {
    ...node.attributes,
    group: attribute.int(channels),
  });
  const [samples, , ...places] = picked.shape as [number, number, ...number[]];
  const apart = reshape(b, picked, [samples, groups, terms, elementCount(places)]);
  return reshape(b, transpose(b, apart, [1, 2, 0, 3]), [groups, terms, samples * elementCount(places)]);
}
