import type { Operator } from '../../graph/operator.ts';
import { argMaxOperator, argMinOperator } from './argExtremum.ts';
import { cumSumOperator } from './cumSum.ts';
import { reduceL1Operator } from './reduceL1.ts';
import { reduceL2Operator } from './reduceL2.ts';
import { reduceLogSumOperator } from './reduceLogSum.ts';
import { reduceLogSumExpOperator } from './reduceLogSumExp.ts';
import { reduceMaxOperator } from './reduceMax.ts';
import { reduceMeanOperator } from './reduceMean.ts';
import { reduceMinOperator } from './reduceMin.ts';
import { reduceProdOperator } from './reduceProd.ts';
import { reduceSumOperator } from './reduceSum.ts';
import { reduceSumSquareOperator } from './reduceSumSquare.ts';
import { topKOperator } from './topK.ts';

export * from './argExtremum.ts';
export * from './cumSum.ts';
export * from './reduceL1.ts';
export * from './reduceL2.ts';
export * from './reduceLogSum.ts';
export * from './reduceLogSumExp.ts';
export * from './reduceMax.ts';
export * from './reduceMean.ts';
export * from './reduceMin.ts';
export * from './reduceProd.ts';
export * from './reduceSum.ts';
export * from './reduceSumSquare.ts';
export * from './topK.ts';

/** The reduction operators. */
export const reductionOperators: readonly Operator[] = [
  argMaxOperator,
  argMinOperator,
  cumSumOperator,
  reduceL1Operator,
  reduceL2Operator,
  reduceLogSumOperator,
  reduceLogSumExpOperator,
  reduceMaxOperator,
  reduceMeanOperator,
  reduceMinOperator,
  reduceProdOperator,
  reduceSumOperator,
  reduceSumSquareOperator,
  topKOperator,
];
