import { attribute } from '@datafree/core';
import { given, int64, type OperatorCase, real, scalar, whole } from './case.ts';

const { int } = attribute;

const reductions = [
  'ReduceSum',
  'ReduceMean',
  'ReduceMax',
  'ReduceMin',
  'ReduceProd',
  'ReduceL1',
  'ReduceL2',
  'ReduceLogSum',
  'ReduceLogSumExp',
  'ReduceSumSquare',
];

/** Cases of operators that reduce or order along axes. */
export const reductionCases: readonly OperatorCase[] = [
  ...reductions.flatMap((op): OperatorCase[] => {
    const x = (shape: readonly number[]) => real(shape, 0.2, 2);
    return [
      { op, title: 'all axes', inputs: [x([2, 3, 4])], attributes: { keepdims: int(0) } },
      { op, title: 'batch and space', inputs: [x([2, 3, 4, 5]), int64(0, 2, 3)] },
      { op, title: 'last axis, dropped', inputs: [x([2, 3, 4]), int64(-1)], attributes: { keepdims: int(0) } },
      {
        op,
        title: 'no axes, nothing done',
        inputs: [x([2, 3]), given('int64', [0], [])],
        attributes: { noop_with_empty_axes: int(1) },
      },
    ];
  }),
  { op: 'ReduceSum', title: 'int64', inputs: [whole('int64', [3, 4], -9, 9), int64(1)] },
  { op: 'ReduceMax', title: 'int32', inputs: [whole('int32', [3, 4], -9, 9), int64(1)] },
  ...['ArgMax', 'ArgMin'].flatMap((op): OperatorCase[] => [
    { op, title: 'last axis, dropped', inputs: [real([4, 7])], attributes: { axis: int(-1), keepdims: int(0) } },
    { op, title: 'axis 1, kept', inputs: [real([2, 5, 3])], attributes: { axis: int(1) } },
  ]),
  { op: 'TopK', title: 'three largest', inputs: [real([4, 7]), int64(3)], outputs: 2 },
  { op: 'CumSum', title: 'axis 1', inputs: [real([2, 5, 3]), given('int64', [], [1])] },
  {
    op: 'CumSum',
    title: 'exclusive and reversed',
    inputs: [real([2, 5]), given('int64', [], [-1])],
    attributes: { exclusive: int(1), reverse: int(1) },
  },
  { op: 'ReduceL2', title: 'squares of a scalar', inputs: [scalar(3)], gradient: false },
];
