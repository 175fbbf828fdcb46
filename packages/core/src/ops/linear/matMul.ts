import { DatafreeError, type Tensor } from '@datafree/plugin';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { Operator, Value } from '../../graph/operator.ts';
import { elementCount, numbersOf, tensorOf } from '../../tensor.ts';
import { broadcastShape, unbroadcast } from '../elementwise/broadcast.ts';
import { reshape } from '../layout/reshape.ts';
import { broadcastStrides, forEachRun } from '../layout/strides.ts';
import { transpose } from '../layout/transpose.ts';
import { gemm } from './gemm.ts';

/**
 * Matrix product of [… M, K] and [… K, N] over the last two axes, as `numpy.matmul` (ONNX, "MatMul"): axes before them
 * are broadcast, and a vector is a row on the left, a column on the right.
 *
 * @throws `shape-mismatch`
 */
export function matMul(b: GraphBuilder, x: Value, y: Value): Value {
  return b.op('MatMul', [x, y]);
}

/**
 * MatMul. Derivatives: the adjoint times the transpose of the other matrix, `dx = dz · yᵀ` and `dy = xᵀ · dz`, summed
 * over broadcast axes.
 */
export const matMulOperator: Operator = {
  type: 'MatMul',
  infer: ({ inputs: [x, y] }) => [{ dtype: x!.dtype, shape: productOf(x!.shape, y!.shape).shape }],
  gradient: ({ builder: b, inputs, wanted }, [dz]) => {
    const [x, y] = inputs as [Value, Value];
    const { left, right, batch, rows, columns } = productOf(x.shape, y.shape);
    const adjoint = reshape(b, dz!, [...batch, rows, columns]);
    const byLeft = () => {
      const product = matMul(b, adjoint, swapped(b, reshape(b, y, right)));
      return reshape(b, unbroadcast(b, product, left), x.shape);
    };
    const byRight = () => {
      if (right.length === 2) {
        // One matrix for the whole batch: its derivative is one product over all rows.
        const all = elementCount(batch) * rows;
        const inner = left.at(-1)!;
        return reshape(
          b,
          gemm(b, reshape(b, x, [all, inner]), reshape(b, dz!, [all, columns]), undefined, { transA: true }),
          y.shape,
        );
      }
      const product = matMul(b, swapped(b, reshape(b, x, left)), adjoint);
      return reshape(b, unbroadcast(b, product, right), y.shape);
    };
    return [wanted[0] ? byLeft() : undefined, wanted[1] ? byRight() : undefined];
  },
  evaluate: ({ inputs: [x, y] }) => [evaluate(x!, y!)],
};

interface Product {
  /** Shapes of the two sides as matrices. */
  readonly left: readonly number[];
  readonly right: readonly number[];
  /** Broadcast axes before the matrices. */
  readonly batch: readonly number[];
  readonly rows: number;
  readonly columns: number;
  /** Shape of the result. */
  readonly shape: readonly number[];
}

function productOf(x: readonly number[], y: readonly number[]): Product {
  const left = x.length === 1 ? [1, ...x] : x;
  const right = y.length === 1 ? [...y, 1] : y;
  if (x.length === 0 || y.length === 0 || left.at(-1) !== right.at(-2)) {
    throw new DatafreeError('shape-mismatch', `[${x}] and [${y}] cannot be multiplied as matrices.`);
  }
  const batch = broadcastShape(left.slice(0, -2), right.slice(0, -2));
  const rows = left.at(-2)!;
  const columns = right.at(-1)!;
  const shape = [...batch, ...(x.length === 1 ? [] : [rows]), ...(y.length === 1 ? [] : [columns])];
  return { left, right, batch, rows, columns, shape };
}

/** The transpose of each matrix. */
function swapped(b: GraphBuilder, x: Value): Value {
  const axes = [...x.shape.keys()];
  return transpose(b, x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
}

function evaluate(x: Tensor, y: Tensor): Tensor {
  const { left, right, batch, rows, columns, shape } = productOf(x.dims, y.dims);
  const inner = left.at(-1)!;
  const matrices = [
    { dims: left.slice(0, -2), size: rows * inner },
    { dims: right.slice(0, -2), size: inner * columns },
  ].map(({ dims, size }) => broadcastStrides(dims, batch).map((stride) => stride * size));
  const a = numbersOf(x);
  const c = numbersOf(y);
  const result = new Float64Array(elementCount(batch) * rows * columns);
  let to = 0;
  forEachRun(batch, matrices, [0, 0], ([p, q], length, [step, stride]) => {
    for (let i = 0; i < length; i++) {
      multiply(a, p! + i * step!, c, q! + i * stride!, result, to, [rows, inner, columns]);
      to += rows * columns;
    }
  });
  return tensorOf(x.dtype, shape, result);
}

/** Adds the product of two row-major matrices [rows, inner] · [inner, columns] to a third. */
export function multiply(
  a: ArrayLike<number>,
  aStart: number,
  b: ArrayLike<number>,
  bStart: number,
  result: Float64Array,
  start: number,
  [rows, inner, columns]: readonly [number, number, number],
): void {
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = a[aStart + i * inner + k]!;
      for (let j = 0; j < columns; j++) {
        result[start + i * columns + j]! += factor * b[bStart + k * columns + j]!;
      }
    }
  }
}
