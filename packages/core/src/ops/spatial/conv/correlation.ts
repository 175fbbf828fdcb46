import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Value } from '../../../graph/operator.ts';
import { elementCount } from '../../../tensor.ts';
import { concat } from '../../layout/concat.ts';
import { reshape } from '../../layout/reshape.ts';
import { slice } from '../../layout/slice.ts';
import { transpose } from '../../layout/transpose.ts';
import { matMul } from '../../linear/matMul.ts';
import { reduceSum } from '../../reduction/reduceSum.ts';
import { fit } from '../fit.ts';
import { shifted } from '../shifted.ts';
import type { Convolution } from './convolution.ts';

/**
 * Weight gradient [M, C / groups, …] as one matrix product a sample and group, of shifted copies of the adjoint `dy`
 * [N, M, …] and shifted copies of `x` [N, C, …], stacked on their channel axes.
 *
 * A kernel of 3 × 3 needs nine copies of `x` (im2col), or three copies of each: rows shifted in the adjoint, columns
 * in `x`. The split that copies least is taken. An axis with a stride is always shifted in `x`.
 */
export function correlation(b: GraphBuilder, x: Value, dy: Value, convolution: Convolution): Value {
  const { kernel, groups } = convolution;
  const depth = x.shape[1]! / groups;
  const filters = dy.shape[1]! / groups;
  const ofAdjoint = cheapestSplit(convolution, depth, filters);
  const cells = (shifted: boolean) => kernel.filter((_, axis) => ofAdjoint[axis] === shifted);
  const left = stack(b, shiftedAdjoints(b, dy, convolution, ofAdjoint), groups);
  const right = stack(b, shiftedInputs(b, x, convolution, ofAdjoint), groups);
  const products = matMul(b, left, transpose(b, right, [0, 1, 3, 2]));
  const split = reshape(b, reduceSum(b, products, [0]), [groups, ...cells(true), filters, ...cells(false), depth]);
  // Axes now: groups, cells of the adjoint, filters, cells of the input, depth.
  const adjointAxes = cells(true).length;
  let nextAdjoint = 1;
  let nextInput = 2 + adjointAxes;
  const kernelAxes = kernel.map((_, axis) => (ofAdjoint[axis] ? nextAdjoint++ : nextInput++));
  const ordered = transpose(b, split, [0, 1 + adjointAxes, 2 + kernel.length, ...kernelAxes]);
  return reshape(b, ordered, [groups * filters, depth, ...kernel]);
}

/** For each axis, whether the adjoint is shifted along it rather than the input. */
function cheapestSplit({ kernel, strides, input, output }: Convolution, depth: number, filters: number): boolean[] {
  let best: boolean[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (let bits = 0; bits < 2 ** kernel.length; bits++) {
    const split = kernel.map((_, axis) => ((bits >> axis) & 1) === 1);
    if (split.some((shifted, axis) => shifted && (strides[axis] !== 1 || kernel[axis] === 1))) continue;
    const copies = (shifted: boolean) => elementCount(kernel.filter((_, axis) => split[axis] === shifted));
    const size = elementCount(split.map((shifted, axis) => (shifted ? input[axis]! : output[axis]!)));
    const copied = (copies(true) * filters + copies(false) * depth) * size;
    if (copied < least) [best, least] = [split, copied];
  }
  return best;
}

/** A copy of the adjoint for each kernel cell along the chosen axes: `dy[i + begin − k · dilation]` for each cell i. */
function shiftedAdjoints(b: GraphBuilder, dy: Value, convolution: Convolution, chosen: readonly boolean[]): Value[] {
  const { kernel, dilations, begins, input } = convolution;
  return cellsOf(kernel, chosen).map((cell) =>
    shifted(
      b,
      dy,
      cell.map((k, axis) => (chosen[axis] ? begins[axis]! - k * dilations[axis]! : 0)),
      cell.map((_, axis) => (chosen[axis] ? input[axis]! : dy.shape[axis + 2]!)),
    ),
  );
}

/** A copy of the input for each kernel cell along the other axes: `x[o · stride + k · dilation − begin]`. */
function shiftedInputs(b: GraphBuilder, x: Value, convolution: Convolution, ofAdjoint: readonly boolean[]): Value[] {
  const { kernel, strides, dilations, begins, output } = convolution;
  const cells = cellsOf(
    kernel,
    ofAdjoint.map((shifted) => !shifted),
  );
  const startOf = (cell: readonly number[], axis: number) =>
    ofAdjoint[axis] ? 0 : cell[axis]! * dilations[axis]! - begins[axis]!;
  const reachOf = (axis: number) => (ofAdjoint[axis] ? x.shape[axis + 2]! : (output[axis]! - 1) * strides[axis]! + 1);
  const axes = [...kernel.keys()];
  if (strides.every((stride) => stride === 1)) {
    return cells.map((cell) =>
      shifted(
        b,
        x,
        axes.map((axis) => startOf(cell, axis)),
        axes.map(reachOf),
      ),
    );
  }
  const before = axes.map((axis) => Math.max(0, ...cells.map((cell) => -startOf(cell, axis))));
  const after = axes.map((axis) =>
    Math.max(0, ...cells.map((cell) => startOf(cell, axis) + reachOf(axis) - x.shape[axis + 2]!)),
  );
  const padded = fit(b, x, before, after);
  return cells.map((cell) =>
    slice(b, padded, {
      axes: axes.map((axis) => axis + 2),
      starts: axes.map((axis) => before[axis]! + startOf(cell, axis)),
      ends: axes.map((axis) => before[axis]! + startOf(cell, axis) + reachOf(axis)),
      steps: axes.map((axis) => (ofAdjoint[axis] ? 1 : strides[axis]!)),
    }),
  );
}

/** All positions in the kernel along the chosen axes, in row-major order; 0 along the others. */
function cellsOf(kernel: readonly number[], chosen: readonly boolean[]): number[][] {
  return kernel.reduce<number[][]>(
    (cells, size, axis) =>
      cells.flatMap((cell) => Array.from({ length: chosen[axis] ? size : 1 }, (_, k) => [...cell, k])),
    [[]],
  );
}

/** Stacks copies of [N, C, …] to [N, groups, copies · C / groups, places]. */
function stack(b: GraphBuilder, copies: readonly Value[], groups: number): Value {
  if (groups === 1) {
    const whole = copies.length === 1 ? copies[0]! : concat(b, copies, 1);
    const [samples, channels, ...spatial] = whole.shape as [number, number, ...number[]];
    return reshape(b, whole, [samples, 1, channels, elementCount(spatial)]);
  }
  const flat = copies.map((copy) => {
    const [samples, channels, ...spatial] = copy.shape as [number, number, ...number[]];
    return reshape(b, copy, [samples, groups, channels / groups, elementCount(spatial)]);
  });
  return flat.length === 1 ? flat[0]! : concat(b, flat, 2);
}
