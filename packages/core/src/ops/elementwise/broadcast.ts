import { DatafreeError, type Tensor } from '@datafree/plugin';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { TensorType, Value } from '../../graph/operator.ts';
import { elementCount, numbersOf, tensorOf } from '../../tensor.ts';
import { reshape } from '../layout/reshape.ts';
import { broadcastStrides, forEachRun } from '../layout/strides.ts';
import { reduceSum } from '../reduction/reduceSum.ts';

/** The shape of a multidirectional broadcast (ONNX, "Broadcasting"). @throws `shape-mismatch` */
export function broadcastShape(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = sizes.find((candidate) => candidate !== 1) ?? 1;
    if (sizes.some((candidate) => candidate !== 1 && candidate !== size)) {
      throw new DatafreeError(
        'shape-mismatch',
        `shapes ${shapes.map((s) => `[${s}]`).join(' and ')} do not broadcast.`,
      );
    }
    return size;
  });
}

/** The type of a broadcast of values of one element type. @throws `shape-mismatch` also when element types differ */
export function broadcastType(inputs: readonly (TensorType | undefined)[]): TensorType {
  const types = inputs as readonly TensorType[];
  const dtype = (types[0] as TensorType).dtype;
  const other = types.find((type) => type.dtype !== dtype);
  if (other !== undefined) {
    throw new DatafreeError('shape-mismatch', `element types ${dtype} and ${other.dtype} differ.`);
  }
  return { dtype, shape: broadcastShape(...types.map((type) => type.shape)) };
}

/** Sums an adjoint over the axes along which a value of shape `shape` was broadcast. */
export function unbroadcast(b: GraphBuilder, adjoint: Value, shape: readonly number[]): Value {
  if (String(adjoint.shape) === String(shape)) return adjoint;
  const extra = adjoint.shape.length - shape.length;
  const axes = adjoint.shape.flatMap((size, axis) =>
    axis < extra || (shape[axis - extra] === 1 && size !== 1) ? [axis] : [],
  );
  const summed = axes.length === 0 ? adjoint : reduceSum(b, adjoint, axes, true);
  return String(summed.shape) === String(shape) ? summed : reshape(b, summed, shape);
}

/**
 * Evaluates a function of several broadcast arguments element by element. Numbers are computed in double precision
 * and rounded to `dtype` at the end.
 */
export function mapBroadcast(
  inputs: readonly Tensor[],
  compute: (...values: number[]) => number,
  dtype = (inputs[0] as Tensor).dtype,
): Tensor {
  const shape = broadcastShape(...inputs.map((input) => input.dims));
  const result = new Float64Array(elementCount(shape));
  const sources = inputs.map(numbersOf);
  const strides = inputs.map((input) => broadcastStrides(input.dims, shape));
  const [x, y] = sources as [ArrayLike<number>, ArrayLike<number>];
  let at = 0;
  forEachRun(
    shape,
    strides,
    sources.map(() => 0),
    (offsets, length, steps) => {
      let i = offsets[0] as number;
      const stepX = steps[0] as number;
      if (sources.length === 1) {
        for (let n = 0; n < length; n++, i += stepX) result[at++] = compute(x[i] as number);
      } else if (sources.length === 2) {
        let j = offsets[1] as number;
        const stepY = steps[1] as number;
        for (let n = 0; n < length; n++, i += stepX, j += stepY) result[at++] = compute(x[i] as number, y[j] as number);
      } else {
        for (let n = 0; n < length; n++) {
          const values = sources.map(
            (source, k) => source[(offsets[k] as number) + n * (steps[k] as number)] as number,
          );
          result[at++] = compute(...values);
        }
      }
    },
  );
  return tensorOf(dtype, shape, result);
}
