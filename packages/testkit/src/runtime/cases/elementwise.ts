import { attribute } from '@datafree/core';
import { flags, given, type OperatorCase, real, scalar, weight, whole } from './case.ts';

const { int } = attribute;

const unary: readonly (readonly [op: string, low: number, high: number])[] = [
  ['Abs', -2, 2],
  ['Neg', -2, 2],
  ['Sqrt', 0.1, 4],
  ['Exp', -3, 3],
  ['Log', 0.1, 4],
  ['Erf', -3, 3],
  ['Reciprocal', 0.5, 3],
  ['Sign', -2, 2],
  ['Floor', -4, 4],
  ['Ceil', -4, 4],
  ['Round', -4, 4],
  ['Sin', -4, 4],
  ['Cos', -4, 4],
];

const arithmetic = ['Add', 'Sub', 'Mul', 'Div'];
const comparisons = ['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'];
const logical = ['And', 'Or', 'Xor'];

/** Cases of operators that work element by element. */
export const elementwiseCases: readonly OperatorCase[] = [
  ...unary.map(([op, low, high]): OperatorCase => ({ op, title: 'rank 3', inputs: [real([2, 3, 4], low, high)] })),
  ...arithmetic.flatMap((op): OperatorCase[] => [
    { op, title: 'equal shapes', inputs: [real([2, 3, 4]), real([2, 3, 4], 0.5, 2)] },
    { op, title: 'a vector of channels, constant', inputs: [real([2, 3, 4, 5]), weight([3, 1, 1], 0.5, 2)] },
    { op, title: 'broadcast both ways', inputs: [real([3, 1, 4]), real([2, 1, 5, 1], 0.5, 2)] },
    { op, title: 'a scalar on the left', inputs: [scalar(1.5), real([2, 3], 0.5, 2)] },
    { op, title: 'int64', inputs: [whole('int64', [2, 3], -9, 9), whole('int64', [3], 1, 5)] },
    { op, title: 'int32', inputs: [whole('int32', [2, 3], -9, 9), whole('int32', [3], 1, 5)] },
  ]),
  ...comparisons.flatMap((op): OperatorCase[] => [
    { op, title: 'float32', inputs: [real([2, 3, 4]), real([3, 1])] },
    { op, title: 'int64', inputs: [whole('int64', [4, 5], 0, 3), whole('int64', [5], 0, 3)] },
  ]),
  ...logical.map((op): OperatorCase => ({ op, title: 'broadcast', inputs: [flags([2, 3, 4]), flags([4])] })),
  { op: 'Not', title: 'rank 2', inputs: [flags([3, 4])] },
  { op: 'Neg', title: 'int64', inputs: [whole('int64', [2, 3], -9, 9)] },
  { op: 'Abs', title: 'int64', inputs: [whole('int64', [2, 3], -9, 9)] },
  {
    op: 'Round',
    title: 'halves go to the even neighbour',
    inputs: [given('float32', [6], [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])],
  },
  { op: 'Pow', title: 'square', inputs: [real([2, 3]), scalar(2)] },
  { op: 'Pow', title: 'root', inputs: [real([2, 3], 0.2, 3), scalar(0.5)] },
  { op: 'Pow', title: 'two inputs, broadcast', inputs: [real([2, 3, 4], 0.2, 3), real([3, 1], -2, 2)] },
  ...['Min', 'Max'].flatMap((op): OperatorCase[] => [
    { op, title: 'two inputs', inputs: [real([2, 3, 4]), real([3, 4])] },
    { op, title: 'three inputs, broadcast', inputs: [real([2, 1, 4]), real([3, 1]), real([1])] },
    { op, title: 'one input', inputs: [real([2, 3])] },
  ]),
  { op: 'Sum', title: 'three inputs, broadcast', inputs: [real([2, 1, 4]), real([3, 1]), real([4])] },
  { op: 'Mean', title: 'three inputs, broadcast', inputs: [real([2, 1, 4]), real([3, 1]), real([4])] },
  { op: 'Where', title: 'equal shapes', inputs: [flags([2, 3]), real([2, 3]), real([2, 3])] },
  { op: 'Where', title: 'broadcast', inputs: [flags([3, 1]), real([2, 1, 4]), scalar(0.5)] },
  {
    op: 'Mod',
    title: 'int64, sign of the divisor',
    inputs: [whole('int64', [2, 6], -9, 9), whole('int64', [6], 2, 6)],
  },
  { op: 'Mod', title: 'fmod', inputs: [real([2, 6], -9, 9), real([6], 1, 4)], attributes: { fmod: int(1) } },
  { op: 'IsNaN', title: 'float32', inputs: [given('float32', [3], [1, Number.NaN, -1])] },
  {
    op: 'IsInf',
    title: 'float32',
    inputs: [given('float32', [3], [1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])],
  },
];
