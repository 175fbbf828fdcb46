import { attribute } from '@datafree/core';
import { type OperatorCase, real, weight } from './case.ts';

const { float, int } = attribute;

/** Cases of matrix products. */
export const linearCases: readonly OperatorCase[] = [
  { op: 'MatMul', title: 'matrices', inputs: [real([3, 4]), real([4, 5])] },
  { op: 'MatMul', title: 'constant weights', inputs: [real([2, 3, 4]), weight([4, 5])] },
  { op: 'MatMul', title: 'a batch of matrices', inputs: [real([2, 3, 4]), real([2, 4, 5])] },
  { op: 'MatMul', title: 'broadcast batch', inputs: [real([2, 1, 3, 4]), real([5, 4, 2])] },
  { op: 'MatMul', title: 'matrix on the left of a batch', inputs: [real([3, 4]), real([2, 4, 5])] },
  { op: 'MatMul', title: 'vector on the right', inputs: [real([2, 3, 4]), real([4])] },
  { op: 'MatMul', title: 'vector on the left', inputs: [real([4]), real([2, 4, 3])] },
  { op: 'MatMul', title: 'two vectors', inputs: [real([4]), real([4])] },
  { op: 'Gemm', title: 'plain', inputs: [real([3, 4]), real([4, 5])] },
  {
    op: 'Gemm',
    title: 'transposed weights, bias',
    inputs: [real([3, 4]), weight([5, 4]), weight([5])],
    attributes: { transB: int(1) },
  },
  {
    op: 'Gemm',
    title: 'transposed weights, bias, all fed',
    inputs: [real([3, 4]), real([5, 4]), real([5])],
    attributes: { transB: int(1) },
  },
  {
    op: 'Gemm',
    title: 'both transposed, factors',
    inputs: [real([4, 3]), real([5, 4]), real([3, 1])],
    attributes: { transA: int(1), transB: int(1), alpha: float(0.5), beta: float(2) },
  },
  { op: 'Gemm', title: 'a full bias', inputs: [real([3, 4]), real([4, 5]), real([3, 5])] },
  { op: 'Gemm', title: 'a scalar bias', inputs: [real([3, 4]), real([4, 5]), real([])] },
];
