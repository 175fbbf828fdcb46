import { DatafreeError, type Node, type Tensor } from '@datafree/plugin';
import { intOf } from '../../graph/attributes.ts';
import type { TensorType } from '../../graph/operator.ts';
import { elementCount, numbersOf } from '../../tensor.ts';
import { normalizeAxis } from '../layout/axis.ts';

/**
 * Checks that scale and zero point are of one element, or vectors along the node's axis.
 *
 * @throws `shape-mismatch`, and `unsupported` for blocks
 */
export function checkGranularity(node: Node, inputs: readonly (TensorType | undefined)[]): void {
  const [x, scale, zeroPoint] = inputs as readonly [TensorType, TensorType, TensorType | undefined];
  if (intOf(node, 'block_size', 0) !== 0) {
    throw new DatafreeError('unsupported', `Quantisation in blocks ("${node.name}") is not supported.`);
  }
  const count = elementCount(scale.shape);
  const size = count === 1 ? 1 : x.shape[axisOf(node, x.shape.length)];
  if (count !== size || scale.shape.length > 1) {
    throw new DatafreeError('shape-mismatch', `a scale [${scale.shape}] does not fit [${x.shape}].`);
  }
  if (zeroPoint !== undefined && elementCount(zeroPoint.shape) !== count) {
    throw new DatafreeError(
      'shape-mismatch',
      `scale [${scale.shape}] and zero point [${zeroPoint.shape}] are of different shape.`,
    );
  }
}

/** Evaluates a function of each element, its scale and its zero point. */
export function mapQuantized(
  node: Node,
  inputs: readonly (Tensor | undefined)[],
  compute: (x: number, scale: number, zeroPoint: number) => number,
): Float64Array {
  const [x, scale, zeroPoint] = inputs as readonly [Tensor, Tensor, Tensor | undefined];
  const data = numbersOf(x);
  const scales = numbersOf(scale);
  const zeroPoints = zeroPoint === undefined ? new Float64Array(scales.length) : numbersOf(zeroPoint);
  const inner = scales.length === 1 ? 1 : elementCount(x.dims.slice(axisOf(node, x.dims.length) + 1));
  const result = new Float64Array(data.length);
  let at = 0;
  for (let channel = 0; at < data.length; channel = (channel + 1) % scales.length) {
    const step = scales[channel] as number;
    const zero = zeroPoints[channel] as number;
    for (let i = 0; i < inner; i++, at++) result[at] = compute(data[at] as number, step, zero);
  }
  return result;
}

function axisOf(node: Node, rank: number): number {
  return normalizeAxis(intOf(node, 'axis', 1), rank);
}
