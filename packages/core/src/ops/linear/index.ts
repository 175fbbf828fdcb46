import type { Operator } from '../../graph/operator.ts';
import { gemmOperator } from './gemm.ts';
import { matMulOperator } from './matMul.ts';

export * from './gemm.ts';
export * from './matMul.ts';

/** The linear operators. */
export const linearOperators: readonly Operator[] = [gemmOperator, matMulOperator];
