import type { Operator } from '../../graph/operator.ts';
import { batchNormalizationOperator } from './batchNormalization.ts';
import { groupNormalizationOperator, instanceNormalizationOperator } from './groupNormalization.ts';
import { layerNormalizationOperator } from './layerNormalization.ts';
import { lrnOperator } from './lrn.ts';
import { logSoftmaxOperator, softmaxOperator } from './softmax.ts';

export * from './batchNormalization.ts';
export * from './groupNormalization.ts';
export * from './layerNormalization.ts';
export * from './lrn.ts';
export * from './softmax.ts';

/** The normalization operators. */
export const normalizationOperators: readonly Operator[] = [
  batchNormalizationOperator,
  groupNormalizationOperator,
  instanceNormalizationOperator,
  layerNormalizationOperator,
  logSoftmaxOperator,
  lrnOperator,
  softmaxOperator,
];
