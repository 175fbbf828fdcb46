import { DatafreeError, type Tensor } from '@datafree/plugin';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Value } from '../../graph/operator.ts';
import { elementCount, numbersOf } from '../../tensor.ts';
import { cast } from '../elementwise/cast.ts';
import { fromFront } from './axis.ts';
import { forEachRun, rowMajorStrides } from './strides.ts';

/** Indices as int64, which ScatterND and GatherND insist on. */
export function int64Indices(b: GraphBuilder, indices: Value): Value {
  return cast(b, indices, 'int64');
}

/**
 * For each element of an index tensor, in order, the offset in a dense array of `dims` that it points to along `axis`,
 * its own position giving the other axes (GatherElements, ScatterElements).
 */
export function elementOffsets(dims: readonly number[], indices: Tensor, axis: number): Float64Array {
  if (indices.dims.length !== dims.length) {
    throw new DatafreeError('shape-mismatch', `indices [${indices.dims}] and data [${dims}] are of different rank.`);
  }
  const strides = rowMajorStrides(dims);
  const along = strides[axis]!;
  const size = dims[axis]!;
  const others = strides.map((stride, k) => (k === axis ? 0 : stride));
  const picked = numbersOf(indices);
  const offsets = new Float64Array(picked.length);
  let at = 0;
  forEachRun(indices.dims, [others], [0], ([start], length, [step]) => {
    for (let i = 0; i < length; i++, at++) {
      offsets[at] = start! + i * step! + fromFront(picked[at] as number, size) * along;
    }
  });
  return offsets;
}

/**
 * For each index vector (the last axis of `indices`), the offset in a dense array of `dims` of the block that it
 * points to (GatherND, ScatterND).
 *
 * @param batch how many leading axes `indices` and `dims` share
 */
export function blockOffsets(dims: readonly number[], indices: Tensor, batch = 0): Float64Array {
  const depth = indices.dims.at(-1) ?? 0;
  const strides = rowMajorStrides(dims);
  const picked = numbersOf(indices);
  const count = elementCount(indices.dims.slice(0, -1));
  const perBatch = count / Math.max(1, elementCount(indices.dims.slice(0, batch)));
  const batchStride = elementCount(dims.slice(batch));
  return Float64Array.from({ length: count }, (_, i) => {
    let offset = Math.floor(i / perBatch) * batchStride;
    for (let k = 0; k < depth; k++) {
      offset += fromFront(picked[i * depth + k] as number, dims[batch + k]!) * strides[batch + k]!;
    }
    return offset;
  });
}
