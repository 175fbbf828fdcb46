import type { Operator } from '../../graph/operator.ts';
import { convOperator } from './conv/conv.ts';
import { convTransposeOperator } from './conv/convTranspose.ts';
import { depthToSpaceOperator, spaceToDepthOperator } from './depthToSpace.ts';
import { averagePoolOperator } from './pool/averagePool.ts';
import { globalAveragePoolOperator, globalLpPoolOperator, globalMaxPoolOperator } from './pool/globalPool.ts';
import { lpPoolOperator } from './pool/lpPool.ts';
import { maxPoolOperator } from './pool/maxPool.ts';
import { resizeOperator } from './resize/resize.ts';

export { convOperator } from './conv/conv.ts';
export * from './conv/convNodes.ts';
export { convTransposeOperator } from './conv/convTranspose.ts';
export * from './depthToSpace.ts';
export { averagePoolOperator } from './pool/averagePool.ts';
export * from './pool/averagePoolNode.ts';
export * from './pool/globalPool.ts';
export * from './pool/lpPool.ts';
export * from './pool/maxPool.ts';
export type { PoolOptions } from './pool/pooling.ts';
export * from './resize/resize.ts';
export * from './resize/resizeNode.ts';

/** The spatial operators. */
export const spatialOperators: readonly Operator[] = [
  averagePoolOperator,
  convOperator,
  convTransposeOperator,
  depthToSpaceOperator,
  globalAveragePoolOperator,
  globalLpPoolOperator,
  globalMaxPoolOperator,
  lpPoolOperator,
  maxPoolOperator,
  resizeOperator,
  spaceToDepthOperator,
];
