import type { Operator } from '../../graph/operator.ts';
import { clipOperator } from './clip.ts';
import { reluOperator } from './relu.ts';
import { sigmoidOperator } from './sigmoid.ts';
import { tanhOperator } from './tanh.ts';

export * from './clip.ts';
export * from './relu.ts';
export * from './sigmoid.ts';
export * from './tanh.ts';

/** The activation operators. */
export const activationOperators: readonly Operator[] = [clipOperator, reluOperator, sigmoidOperator, tanhOperator];
