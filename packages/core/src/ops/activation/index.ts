import type { Operator } from '../../graph/operator.ts';
import { celuOperator } from './celu.ts';
import { clipOperator } from './clip.ts';
import { eluOperator } from './elu.ts';
import { geluOperator } from './gelu.ts';
import { hardSigmoidOperator } from './hardSigmoid.ts';
import { hardSwishOperator } from './hardSwish.ts';
import { leakyReluOperator } from './leakyRelu.ts';
import { mishOperator } from './mish.ts';
import { pReluOperator } from './pRelu.ts';
import { reluOperator } from './relu.ts';
import { seluOperator } from './selu.ts';
import { sigmoidOperator } from './sigmoid.ts';
import { softplusOperator } from './softplus.ts';
import { softsignOperator } from './softsign.ts';
import { tanhOperator } from './tanh.ts';
import { thresholdedReluOperator } from './thresholdedRelu.ts';

export * from './celu.ts';
export * from './clip.ts';
export * from './elu.ts';
export * from './gelu.ts';
export * from './hardSigmoid.ts';
export * from './hardSwish.ts';
export * from './leakyRelu.ts';
export * from './mish.ts';
export * from './pRelu.ts';
export * from './relu.ts';
export * from './selu.ts';
export * from './sigmoid.ts';
export * from './softplus.ts';
export * from './softsign.ts';
export * from './tanh.ts';
export * from './thresholdedRelu.ts';

/** The activation operators. */
export const activationOperators: readonly Operator[] = [
  celuOperator,
  clipOperator,
  eluOperator,
  geluOperator,
  hardSigmoidOperator,
  hardSwishOperator,
  leakyReluOperator,
  mishOperator,
  pReluOperator,
  reluOperator,
  seluOperator,
  sigmoidOperator,
  softplusOperator,
  softsignOperator,
  tanhOperator,
  thresholdedReluOperator,
];
