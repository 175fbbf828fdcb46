import { attribute, tensorOf } from '@datafree/core';
import { given, int64, type OperatorCase, real } from './case.ts';

const { float, int, tensor } = attribute;

/** Cases of operators that make values from shapes and attributes. */
export const constantCases: readonly OperatorCase[] = [
  { op: 'Shape', title: 'all of it', inputs: [real([2, 3, 4])] },
  { op: 'Shape', title: 'a part', inputs: [real([2, 3, 4])], attributes: { start: int(1), end: int(-1) } },
  { op: 'Size', title: 'rank 3', inputs: [real([2, 3, 4])] },
  {
    op: 'Constant',
    title: 'a tensor',
    inputs: [],
    attributes: { value: tensor(tensorOf('float32', [2, 2], [1, 2, 3, 4])) },
  },
  { op: 'Constant', title: 'a float', inputs: [], attributes: { value_float: float(0.5) } },
  { op: 'ConstantOfShape', title: 'zeros', inputs: [int64(2, 3)] },
  {
    op: 'ConstantOfShape',
    title: 'a value',
    inputs: [int64(4)],
    attributes: { value: tensor(tensorOf('int64', [1], [7])) },
  },
  { op: 'Range', title: 'int64', inputs: [given('int64', [], [2]), given('int64', [], [11]), given('int64', [], [3])] },
  {
    op: 'Range',
    title: 'float32',
    inputs: [given('float32', [], [0]), given('float32', [], [1]), given('float32', [], [0.25])],
  },
  { op: 'EyeLike', title: 'a square', inputs: [real([3, 3])] },
];
