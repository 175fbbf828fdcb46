import type { Operator } from '../../graph/operator.ts';
import { reduceMaxOperator } from './reduceMax.ts';
import { reduceMeanOperator } from './reduceMean.ts';
import { reduceMinOperator } from './reduceMin.ts';
import { reduceSumOperator } from './reduceSum.ts';

export * from './reduceMax.ts';
export * from './reduceMean.ts';
export * from './reduceMin.ts';
export * from './reduceSum.ts';

/** The reduction operators. */
export const reductionOperators: readonly Operator[] = [
  reduceMaxOperator,
  reduceMeanOperator,
  reduceMinOperator,
  reduceSumOperator,
];
