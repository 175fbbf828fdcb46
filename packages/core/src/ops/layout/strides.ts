import type { DType, Tensor } from '@datafree/plugin';
import { allocate, elementCount, numbersOf, tensorOf } from '../../tensor.ts';

/** How far apart neighbours along each axis lie in a dense row-major array. */
export function rowMajorStrides(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  let stride = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= dims[axis] as number;
  }
  return strides;
}

/** Row-major strides of `dims` seen through the shape it is broadcast to: 0 along broadcast axes. */
export function broadcastStrides(dims: readonly number[], shape: readonly number[]): number[] {
  const own = rowMajorStrides(dims);
  const extra = shape.length - dims.length;
  return shape.map((_, axis) => (axis < extra || dims[axis - extra] === 1 ? 0 : (own[axis - extra] as number)));
}

/**
 * Walks several arrays together through one shape, in row-major order, a run of elements at a time. Axes that lie
 * behind each other in every array are merged first, so that runs are as long as they can be.
 *
 * @param strides strides of each array along the axes of `shape`
 * @param starts offset of the first element in each array
 * @param visit told where the run begins in each array, its length, and the step from element to element in each
 */
export function forEachRun(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  starts: readonly number[],
  visit: (offsets: readonly number[], length: number, steps: readonly number[]) => void,
): void {
  if (shape.includes(0)) return;
  const axes = mergedAxes(shape, strides);
  const inner = axes.pop() ?? { size: 1, steps: strides.map(() => 0) };
  const offsets = [...starts];
  const index = axes.map(() => 0);
  for (;;) {
    visit(offsets, inner.size, inner.steps);
    let level = axes.length - 1;
    for (; level >= 0; level--) {
      const { size, steps } = axes[level] as MergedAxis;
      const next = (index[level] as number) + 1;
      const wrapped = next === size;
      index[level] = wrapped ? 0 : next;
      for (let k = 0; k < offsets.length; k++) {
        offsets[k] = (offsets[k] as number) + (steps[k] as number) * (wrapped ? 1 - size : 1);
      }
      if (!wrapped) break;
    }
    if (level < 0) return;
  }
}

interface MergedAxis {
  readonly size: number;
  readonly steps: readonly number[];
}

function mergedAxes(shape: readonly number[], strides: readonly (readonly number[])[]): MergedAxis[] {
  const merged: MergedAxis[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const steps = strides.map((own) => own[axis] as number);
    const outer = merged.at(-1);
    if (outer?.steps.every((step, k) => step === (steps[k] as number) * size)) {
      merged[merged.length - 1] = { size: outer.size * size, steps };
    } else {
      merged.push({ size, steps });
    }
  });
  return merged;
}

/** A view of part of an array: its element at an index is `elements[start + Σ index · strides]`. */
export interface StridedView {
  readonly elements: Elements;
  readonly start: number;
  readonly strides: readonly number[];
}

/** The elements of a tensor as an array with one entry an element. They are moved, never looked at. */
export type Elements = Float32Array;

/** Copies `from` into `to`, both seen through `shape`. */
export function copyView(shape: readonly number[], from: StridedView, to: StridedView): void {
  const source = from.elements;
  const target = to.elements;
  forEachRun(shape, [from.strides, to.strides], [from.start, to.start], ([p, q], length, [step, stride]) => {
    if (length > 16 && step === 1 && stride === 1 && ArrayBuffer.isView(source)) {
      target.set(source.subarray(p as number, (p as number) + length), q);
      return;
    }
    let read = p as number;
    let write = q as number;
    for (let i = 0; i < length; i++) {
      target[write] = source[read] as number;
      read += step as number;
      write += stride as number;
    }
  });
}

/** The elements of a tensor for moving; 4-bit integers are unpacked, everything else is not copied. */
export function elementsOf(tensor: Tensor): Elements {
  const packed = tensor.dtype === 'int4' || tensor.dtype === 'uint4';
  return (packed ? numbersOf(tensor) : tensor.data) as Elements;
}

/** Room for the elements of a tensor. */
export function allocateElements(dtype: DType, count: number): Elements {
  const packed = dtype === 'int4' || dtype === 'uint4';
  return allocate(packed ? 'int8' : dtype, count) as Elements;
}

/** The inverse of {@link elementsOf}. */
export function tensorOfElements(dtype: DType, dims: readonly number[], elements: Elements): Tensor {
  const packed = dtype === 'int4' || dtype === 'uint4';
  return packed ? tensorOf(dtype, dims, elements) : { dtype, dims, data: elements };
}

/** A new dense tensor of `shape` whose element at an index is `x[start + Σ index · strides]`. */
export function gatherView(x: Tensor, shape: readonly number[], strides: readonly number[], start = 0): Tensor {
  const elements = allocateElements(x.dtype, elementCount(shape));
  copyView(shape, { elements: elementsOf(x), start, strides }, { elements, start: 0, strides: rowMajorStrides(shape) });
  return tensorOfElements(x.dtype, shape, elements);
}
