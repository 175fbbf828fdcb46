import { attribute } from '@datafree/core';
import { type CaseInput, type OperatorCase, real, weight } from './case.ts';

const { float, int } = attribute;

type Make = (shape: readonly number[], low?: number, high?: number) => CaseInput;

/** Scale, shift, mean and variance of `channels` channels. */
const batchNorm = (make: Make, channels: number): CaseInput[] => [
  make([channels], 0.5, 1.5),
  make([channels], -1, 1),
  make([channels], -1, 1),
  make([channels], 0.5, 2),
];

/** Cases of normalisations. */
export const normalizationCases: readonly OperatorCase[] = [
  {
    op: 'BatchNormalization',
    title: '2-D, constant parameters',
    inputs: [real([2, 3, 4, 5]), ...batchNorm(weight, 3)],
  },
  { op: 'BatchNormalization', title: '2-D, parameters fed', inputs: [real([2, 3, 4, 5]), ...batchNorm(real, 3)] },
  { op: 'BatchNormalization', title: 'after a dense layer', inputs: [real([4, 3]), ...batchNorm(weight, 3)] },
  {
    op: 'BatchNormalization',
    title: '1-D, epsilon',
    inputs: [real([2, 3, 7]), ...batchNorm(weight, 3)],
    attributes: { epsilon: float(0.01) },
  },
  { op: 'BatchNormalization', title: '3-D', inputs: [real([2, 3, 2, 3, 2]), ...batchNorm(weight, 3)] },
  {
    op: 'BatchNormalization',
    title: 'in training mode',
    inputs: [real([3, 3, 4, 5]), ...batchNorm(real, 3)],
    attributes: { training_mode: int(1), momentum: float(0.8) },
    outputs: 3,
    through: [0],
  },
  {
    op: 'BatchNormalization',
    title: 'in training mode, giving the statistics of the batch',
    inputs: [real([3, 3, 4, 5]), ...batchNorm(weight, 3)],
    attributes: { training_mode: int(1), momentum: float(0) },
    outputs: 3,
  },
  { op: 'InstanceNormalization', title: '2-D', inputs: [real([2, 3, 4, 5]), real([3], 0.5, 1.5), real([3])] },
  {
    op: 'InstanceNormalization',
    title: '1-D',
    inputs: [real([2, 3, 7]), weight([3], 0.5, 1.5), weight([3])],
    attributes: { epsilon: float(0.01) },
  },
  { op: 'LayerNormalization', title: 'last axis', inputs: [real([2, 3, 6]), real([6], 0.5, 1.5), real([6])] },
  {
    op: 'LayerNormalization',
    title: 'from axis 1, no shift',
    inputs: [real([2, 3, 4]), real([3, 4], 0.5, 1.5)],
    attributes: { axis: int(1) },
  },
  {
    op: 'LayerNormalization',
    title: 'mean and deviation too',
    inputs: [real([2, 3, 6]), weight([6], 0.5, 1.5), weight([6])],
    outputs: 3,
    gradient: false,
  },
  {
    op: 'GroupNormalization',
    title: 'two groups',
    inputs: [real([2, 4, 3, 3]), real([4], 0.5, 1.5), real([4])],
    attributes: { num_groups: int(2) },
  },
];
