import { activationKernels } from './activation.ts';
import { elementwiseKernels } from './elementwise.ts';
import type { Kernels } from './kernel.ts';
import { layoutKernels } from './layout.ts';
import { linearKernels } from './linear.ts';
import { normalizationKernels } from './normalization.ts';
import { quantizationKernels } from './quantization.ts';
import { reductionKernels } from './reduction.ts';
import { spatialKernels } from './spatial.ts';

/** How each operator is computed with TensorFlow.js. */
export const kernels: Kernels = {
  ...activationKernels,
  ...elementwiseKernels,
  ...layoutKernels,
  ...linearKernels,
  ...normalizationKernels,
  ...quantizationKernels,
  ...reductionKernels,
  ...spatialKernels,
};
