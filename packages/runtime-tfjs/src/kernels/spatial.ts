import { conv, convTranspose } from './convolution.ts';
import type { Kernels } from './kernel.ts';
import { averagePool, globalAveragePool, globalMaxPool, maxPool } from './pooling.ts';
import { resize } from './resize.ts';

/** Operators over space. */
export const spatialKernels: Kernels = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: globalAveragePool,
  GlobalMaxPool: globalMaxPool,
  Resize: resize,
};
