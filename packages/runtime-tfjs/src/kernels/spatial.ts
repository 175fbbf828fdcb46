import { conv, convTranspose } from './convolution.ts';
import type { Kernels } from './kernel.ts';
import { averagePool, globalAveragePool, globalLpPool, globalMaxPool, lpPool, maxPool } from './pooling.ts';
import { resize } from './resize.ts';

/** Operators over space. */
export const spatialKernels: Kernels = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: globalAveragePool,
  LpPool: lpPool,
  GlobalMaxPool: globalMaxPool,
  GlobalLpPool: globalLpPool,
  Resize: resize,
};
