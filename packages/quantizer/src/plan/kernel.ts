import { arithmetic, carriers } from './operators.ts';

/**
 * How an operator runs in a quantised network, as far as its type alone tells: with an `integer` kernel, not at all
 * because it is `absorbed` into a neighbour, or in `float`.
 */
export type Kernel = 'integer' | 'absorbed' | 'float';

/** The best that {@link quantizer} can make of an operator; what it made is in the fusion report. */
export function kernelOf(domain: string, op: string): Kernel {
  if (domain !== '') return 'float';
  if (op === 'Conv' || op === 'Gemm' || arithmetic.has(op) || carriers.has(op)) return 'integer';
  return op === 'BatchNormalization' || op === 'Relu' || op === 'Clip' || op === 'Identity' ? 'absorbed' : 'float';
}
