import { attribute, elementCount, numbersOf, tensorOf } from '@datafree/core';
import type { Node, Tensor } from '@datafree/plugin';

/** `y = factor · x + offset`, one entry a channel, in double precision. */
export interface Affine {
  readonly factor: Float64Array;
  readonly offset: Float64Array;
}

/** The weights of a layer, and its bias where it has one. */
export interface Layer {
  readonly weights: Tensor;
  readonly bias: Tensor | undefined;
}

/** A layer that took an affine map in. */
export interface FoldedLayer {
  readonly weights: Tensor;
  readonly bias: Tensor;
}

/**
 * What a BatchNormalization does in use: `factor = scale / √(variance + epsilon)` and
 * `offset = shift − mean · factor`; undefined for another node and for parameters that are not constant.
 */
export function affineOf(node: Node, constantOf: (name: string) => Tensor | undefined): Affine | undefined {
  if (node.op !== 'BatchNormalization' || node.domain !== '') return undefined;
  const parameters = node.inputs.slice(1, 5).map(constantOf);
  if (parameters.length < 4 || parameters.includes(undefined)) return undefined;
  const [scale, shift, mean, variance] = (parameters as Tensor[]).map(numbersOf) as [
    Numbers,
    Numbers,
    Numbers,
    Numbers,
  ];
  const epsilon = attribute.floatOf(node, 'epsilon', 1e-5);
  const factor = Float64Array.from(scale, (value, c) => value / Math.sqrt((variance[c] as number) + epsilon));
  const offset = Float64Array.from(shift, (value, c) => value - (mean[c] as number) * (factor[c] as number));
  return { factor, offset };
}

type Numbers = ArrayLike<number>;

/**
 * The layer that computes what the affine map makes of the layer's output: output channel o of the weights is scaled
 * by `factor[o]`. Undefined for a node that is not a Conv, ConvTranspose or Gemm, and for a Gemm whose bias is a
 * matrix.
 */
export function foldAfter(node: Node, { weights, bias }: Layer, { factor, offset }: Affine): FoldedLayer | undefined {
  const channelOf = outputChannel(node, weights);
  const beta = node.op === 'Gemm' ? attribute.floatOf(node, 'beta', 1) : 1;
  const channels = factor.length;
  if (channelOf === undefined || !(bias === undefined || isVector(bias, channels))) return undefined;
  const old = bias === undefined ? [0] : numbersOf(bias);
  const scaled = Float64Array.from(numbersOf(weights), (value, i) => value * (factor[channelOf(i)] as number));
  const shifted = Float64Array.from(
    offset,
    (value, c) => beta * (old[c % old.length] as number) * (factor[c] as number) + value,
  );
  return {
    weights: tensorOf(weights.dtype, weights.dims, scaled),
    bias: tensorOf(weights.dtype, [channels], shifted),
  };
}

/**
 * The Conv that computes what it makes of the affine map's output. Exact without padding only: padding would have to
 * be mapped too.
 */
export function foldBefore(node: Node, { weights, bias }: Layer, { factor, offset }: Affine): FoldedLayer {
  const [outputs = 0, inputs = 0] = weights.dims;
  const window = elementCount(weights.dims.slice(2));
  const perGroup = outputs / attribute.intOf(node, 'group', 1);
  const shifted = bias === undefined ? new Float64Array(outputs) : Float64Array.from(numbersOf(bias));
  const scaled = Float64Array.from(numbersOf(weights), (value, i) => {
    const output = Math.floor(i / (inputs * window));
    const input = Math.floor(output / perGroup) * inputs + (Math.floor(i / window) % inputs);
    shifted[output] = (shifted[output] as number) + value * (offset[input] as number);
    return value * (factor[input] as number);
  });
  return {
    weights: tensorOf(weights.dtype, weights.dims, scaled),
    bias: tensorOf(weights.dtype, [outputs], shifted),
  };
}

/** True for a Conv that does not pad. */
export function isUnpadded(node: Node): boolean {
  if (node.op !== 'Conv' || node.domain !== '') return false;
  const automatic = attribute.stringOf(node, 'auto_pad', 'NOTSET');
  if (automatic === 'VALID') return true;
  return automatic === 'NOTSET' && attribute.intsOf(node, 'pads', []).every((size) => size === 0);
}

/** The output channel that an element of the weights belongs to, by its index. */
function outputChannel(node: Node, { dims }: Tensor): ((index: number) => number) | undefined {
  if (node.domain !== '') return undefined;
  const [rows = 1, columns = 1] = dims;
  const window = elementCount(dims.slice(2));
  switch (node.op) {
    case 'Conv':
      return (i) => Math.floor(i / (columns * window));
    case 'ConvTranspose': {
      // Weights are [input channels, output channels of a group, …].
      const perGroup = rows / attribute.intOf(node, 'group', 1);
      return (i) => {
        const input = Math.floor(i / (columns * window));
        return Math.floor(input / perGroup) * columns + (Math.floor(i / window) % columns);
      };
    }
    case 'Gemm':
      return attribute.intOf(node, 'transB', 0) === 1 ? (i) => Math.floor(i / columns) : (i) => i % columns;
    default:
      return undefined;
  }
}

/** True for a bias that is one value, or one for each channel on the last axis. */
function isVector({ dims }: Tensor, channels: number): boolean {
  const count = elementCount(dims);
  return count === 1 || (count === channels && (dims.at(-1) as number) === channels);
}
