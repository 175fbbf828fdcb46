import type { Operator } from '../../graph/operator.ts';
import { dequantizeLinearOperator } from './dequantizeLinear.ts';
import { dynamicQuantizeLinearOperator } from './dynamicQuantizeLinear.ts';
import { quantizeLinearOperator } from './quantizeLinear.ts';

export * from './dequantizeLinear.ts';
export * from './dynamicQuantizeLinear.ts';
export * from './fakeQuantize.ts';
export * from './integerRange.ts';
export * from './learnedStep.ts';
export * from './quantizeLinear.ts';

/** The quantization operators. */
export const quantizationOperators: readonly Operator[] = [
  dequantizeLinearOperator,
  dynamicQuantizeLinearOperator,
  quantizeLinearOperator,
];
