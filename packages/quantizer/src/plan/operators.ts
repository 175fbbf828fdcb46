import { attribute, float32Of, numbersOf, type TensorType } from '@datafree/core';
import type { Node } from '@datafree/plugin';
import type { Topology } from '../topology.ts';

/**
 * How an operator meets integers:
 * - `weighted`: multiplies an activation with constant weights; activation, weights and bias are quantised;
 * - `arithmetic`: has an integer kernel of its own; all its inputs and its output are quantised;
 * - `carrier`: moves or selects values; its output keeps the grid of its input;
 * - `activation`: bounds its input; falls away in front of a grid that saturates at the same bounds;
 * - `float`: has no integer kernel.
 */
export type Role = 'weighted' | 'arithmetic' | 'carrier' | 'activation' | 'float';

export const arithmetic: ReadonlySet<string> = new Set([
  'Add',
  'AveragePool',
  'Concat',
  'GlobalAveragePool',
  'LeakyRelu',
  'MatMul',
  'Mul',
  'Sigmoid',
  'Softmax',
]);

export const carriers: ReadonlySet<string> = new Set([
  'DepthToSpace',
  'Flatten',
  'Gather',
  'MaxPool',
  'Pad',
  'Reshape',
  'Resize',
  'Slice',
  'Split',
  'Squeeze',
  'Tile',
  'Transpose',
  'Unsqueeze',
]);

/** The role of a node, `types` being those of the values around it. */
export function roleOf(node: Node, topology: Topology, types: ReadonlyMap<string, TensorType>): Role {
  if (node.domain !== '') return 'float';
  if (isWeighted(node, topology, types)) return 'weighted';
  if (boundsOf(node, topology) !== undefined) return 'activation';
  if (types.get(node.inputs[0] as string)?.dtype !== 'float32') return 'float';
  if (arithmetic.has(node.op)) return 'arithmetic';
  return carriers.has(node.op) && carriesIntegers(node, topology) ? 'carrier' : 'float';
}

function isWeighted(node: Node, topology: Topology, types: ReadonlyMap<string, TensorType>): boolean {
  const [input, weight, bias] = node.inputs as [string, string | undefined, string | undefined];
  const weights = topology.constant(weight);
  if (weights?.dtype !== 'float32' || !topology.isActivation(input)) return false;
  if (bias !== undefined && bias !== '' && topology.constant(bias) === undefined) return false;
  switch (node.op) {
    case 'Conv':
    case 'ConvTranspose':
      return true;
    case 'Gemm':
      return isPlainGemm(node);
    case 'MatMul':
      return weights.dims.length === 2 && (types.get(input)?.shape.length ?? 0) >= 2;
    default:
      return false;
  }
}

/** What the preparation makes of every Gemm with constant weights. */
function isPlainGemm(node: Node): boolean {
  const { intOf, floatOf } = attribute;
  return (
    intOf(node, 'transA', 0) === 0 &&
    intOf(node, 'transB', 0) === 1 &&
    floatOf(node, 'alpha', 1) === 1 &&
    floatOf(node, 'beta', 1) === 1
  );
}

/** Operators that the runtime executes on integers where all but the values themselves is constant. */
export function carriesIntegers(node: Node, topology: Topology): boolean {
  if (node.inputs.slice(1).some((name) => topology.isActivation(name))) return false;
  switch (node.op) {
    case 'MaxPool':
      return node.outputs.length === 1;
    case 'Resize':
      return attribute.stringOf(node, 'mode', 'nearest') === 'nearest';
    case 'Pad':
      return Number.isFinite(padValue(node, topology));
    default:
      return true;
  }
}

/** The value that a Pad of mode `constant` fills in. */
function padValue(node: Node, topology: Topology): number {
  const value = topology.constant(node.inputs[2]);
  return value === undefined ? 0 : (float32Of(value)[0] as number);
}

/** The bounds that Relu or Clip keep values in; undefined for other nodes and for bounds that are not constant. */
export function boundsOf(node: Node, topology: Topology): { readonly low: number; readonly high: number } | undefined {
  if (node.domain !== '') return undefined;
  if (node.op === 'Relu') return { low: 0, high: Number.POSITIVE_INFINITY };
  if (node.op !== 'Clip') return undefined;
  const bound = (index: number, absent: number): number | undefined => {
    const name = node.inputs[index];
    if (name === undefined || name === '') return absent;
    const value = topology.constant(name);
    return value && Number(numbersOf(value)[0]);
  };
  const low = bound(1, Number.NEGATIVE_INFINITY);
  const high = bound(2, Number.POSITIVE_INFINITY);
  return low === undefined || high === undefined ? undefined : { low, high };
}

/** The channel axis of a layer's weights: the one that counts output channels. */
export function weightAxis(node: Node): number {
  return node.op === 'ConvTranspose' || node.op === 'MatMul' ? 1 : 0;
}
