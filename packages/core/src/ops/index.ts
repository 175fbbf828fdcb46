import { type OperatorSet, withOperators } from '../graph/operator.ts';
import { activationOperators } from './activation/index.ts';
import { constantOperators } from './constant/index.ts';
import { elementwiseOperators } from './elementwise/index.ts';
import { layoutOperators } from './layout/index.ts';
import { linearOperators } from './linear/index.ts';
import { normalizationOperators } from './normalization/index.ts';
import { withOperands } from './operands.ts';
import { quantizationOperators } from './quantization/index.ts';
import { reductionOperators } from './reduction/index.ts';
import { spatialOperators } from './spatial/index.ts';

export * from './activation/index.ts';
export * from './constant/index.ts';
export * from './elementwise/index.ts';
export * from './layout/index.ts';
export * from './linear/index.ts';
export * from './normalization/index.ts';
export * from './quantization/index.ts';
export * from './reduction/index.ts';
export * from './spatial/index.ts';

/** The operators of ONNX that datafree knows: shape rule, derivative and reference of each. */
export const standardOperators: OperatorSet = withOperators(
  new Map(),
  [
    ...activationOperators,
    ...constantOperators,
    ...elementwiseOperators,
    ...layoutOperators,
    ...linearOperators,
    ...normalizationOperators,
    ...quantizationOperators,
    ...reductionOperators,
    ...spatialOperators,
  ].map(withOperands),
);
