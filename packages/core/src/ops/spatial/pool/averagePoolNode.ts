import { int } from '../../../graph/attributes.ts';
import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Value } from '../../../graph/operator.ts';
import { type PoolOptions, poolAttributes } from './pooling.ts';

/** Options of {@link averagePool}. */
export interface AveragePoolOptions extends PoolOptions {
  /** Whether cells of the padding count as zeros; otherwise they are left out of the mean. */
  readonly countPadding?: boolean | undefined;
}

/**
 * The mean of each window of `x` [N, C, …]: [N, C, …places] (ONNX, "AveragePool").
 *
 * @throws `shape-mismatch`, `attribute-invalid`
 */
export function averagePool(b: GraphBuilder, x: Value, options: AveragePoolOptions): Value {
  const counting = options.countPadding ? { count_include_pad: int(1) } : {};
  return b.op('AveragePool', [x], { ...poolAttributes(options), ...counting });
}
