import type { Operator } from '../../graph/operator.ts';
import { convOperator } from './conv/conv.ts';
import { convTransposeOperator } from './conv/convTranspose.ts';
import { averagePoolOperator } from './pool/averagePool.ts';

export { convOperator } from './conv/conv.ts';
export * from './conv/convNodes.ts';
export { convTransposeOperator } from './conv/convTranspose.ts';
export * from './pool/averagePool.ts';
export type { PoolOptions } from './pool/pooling.ts';

/** The spatial operators. */
export const spatialOperators: readonly Operator[] = [convOperator, convTransposeOperator, averagePoolOperator];
