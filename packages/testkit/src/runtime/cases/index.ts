import { activationCases } from './activation.ts';
import type { OperatorCase } from './case.ts';
import { constantCases } from './constant.ts';
import { elementwiseCases } from './elementwise.ts';
import { layoutCases } from './layout.ts';
import { linearCases } from './linear.ts';
import { normalizationCases } from './normalization.ts';
import { quantizationCases } from './quantization.ts';
import { reductionCases } from './reduction.ts';
import { spatialCases } from './spatial.ts';

/** The cases of every family of operators. */
export const operatorCases: Readonly<Record<string, readonly OperatorCase[]>> = {
  elementwise: elementwiseCases,
  activation: activationCases,
  reduction: reductionCases,
  layout: layoutCases,
  constant: constantCases,
  quantization: quantizationCases,
  spatial: spatialCases,
  normalization: normalizationCases,
  linear: linearCases,
};
