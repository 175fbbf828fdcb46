import type { Operator } from '../../graph/operator.ts';

/** The quantization operators. */
export const quantizationOperators: readonly Operator[] = [];
