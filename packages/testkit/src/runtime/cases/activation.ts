import { attribute } from '@datafree/core';
import { given, type OperatorCase, real, scalar, weight, whole } from './case.ts';

const { float, int, string } = attribute;

const plain = [
  'Relu',
  'Sigmoid',
  'Tanh',
  'Softplus',
  'Softsign',
  'Mish',
  'HardSwish',
  'Elu',
  'Selu',
  'Celu',
  'LeakyRelu',
  'HardSigmoid',
  'Gelu',
  'ThresholdedRelu',
];

/** Cases of activation functions. */
export const activationCases: readonly OperatorCase[] = [
  ...plain.map((op): OperatorCase => ({ op, title: 'defaults', inputs: [real([2, 3, 4, 5], -5, 5)] })),
  { op: 'Elu', title: 'alpha', inputs: [real([2, 9], -3, 3)], attributes: { alpha: float(0.5) } },
  { op: 'Celu', title: 'alpha', inputs: [real([2, 9], -3, 3)], attributes: { alpha: float(0.5) } },
  {
    op: 'Selu',
    title: 'alpha and gamma',
    inputs: [real([2, 9], -3, 3)],
    attributes: { alpha: float(1.2), gamma: float(0.8) },
  },
  { op: 'LeakyRelu', title: 'alpha', inputs: [real([2, 9], -3, 3)], attributes: { alpha: float(0.2) } },
  { op: 'ThresholdedRelu', title: 'alpha', inputs: [real([2, 9], -3, 3)], attributes: { alpha: float(0.5) } },
  {
    op: 'HardSigmoid',
    title: 'slope of a sixth',
    inputs: [real([2, 9], -5, 5)],
    attributes: { alpha: float(1 / 6), beta: float(0.5) },
  },
  { op: 'Gelu', title: 'tanh form', inputs: [real([2, 9], -3, 3)], attributes: { approximate: string('tanh') } },
  { op: 'PRelu', title: 'one slope a channel', inputs: [real([2, 3, 4, 4]), real([3, 1, 1], 0.1, 0.5)] },
  { op: 'PRelu', title: 'one slope, constant', inputs: [real([2, 3, 4]), weight([1], 0.1, 0.5)] },
  { op: 'Clip', title: 'both bounds', inputs: [real([2, 3, 4], -3, 9), scalar(0), scalar(6)] },
  { op: 'Clip', title: 'lower bound', inputs: [real([2, 3, 4]), scalar(-0.5)] },
  { op: 'Clip', title: 'upper bound', inputs: [real([2, 3, 4]), undefined, scalar(0.5)] },
  { op: 'Clip', title: 'no bound', inputs: [real([2, 3])] },
  {
    op: 'Clip',
    title: 'int32',
    inputs: [whole('int32', [8], -9, 9), given('int32', [], [-3]), given('int32', [], [4])],
  },
  ...['Softmax', 'LogSoftmax'].flatMap((op): OperatorCase[] => [
    { op, title: 'last axis', inputs: [real([4, 7], -3, 3)] },
    { op, title: 'axis 1 of 4', inputs: [real([2, 5, 3, 2], -3, 3)], attributes: { axis: int(1) } },
  ]),
  { op: 'Dropout', title: 'in inference', inputs: [real([2, 3, 4])] },
];
