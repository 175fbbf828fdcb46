import { DatafreeError, type Node, type Tensor } from '@datafree/plugin';
import { intOf } from '../../../graph/attributes.ts';
import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Operator, TensorType, Value } from '../../../graph/operator.ts';
import { tensorOf } from '../../../tensor.ts';
import { maxPoolGradient } from './maxPoolGradient.ts';
import { isTiling, type PoolOptions, poolAttributes, poolingOf, reduceWindows } from './pooling.ts';
import { tiledMaxPoolGradient } from './tiledMaxPoolGradient.ts';

/**
 * The maximum of each window of `x` [N, C, …], padding never: [N, C, …places] (ONNX, "MaxPool").
 *
 * @throws `shape-mismatch`, `attribute-invalid`
 */
export function maxPool(b: GraphBuilder, x: Value, options: PoolOptions): Value {
  return b.op('MaxPool', [x], poolAttributes(options));
}

/**
 * MaxPool, with its optional output of indices: where in `x`, as one flat array, each maximum stands (the first at a
 * tie). Derivative: the adjoint for the largest cell of each window; several of them share it equally.
 */
export const maxPoolOperator: Operator = {
  type: 'MaxPool',
  infer: ({ node, inputs: [x] }) => {
    if (intOf(node, 'storage_order', 0) !== 0) {
      throw new DatafreeError(
        'attribute-invalid',
        'storage_order is 1; only indices in row-major order are supported.',
      );
    }
    const shape = [...x!.shape.slice(0, 2), ...poolingOf(node, x!.shape).output];
    const types: TensorType[] = [
      { dtype: x!.dtype, shape },
      { dtype: 'int64', shape },
    ];
    return types.slice(0, node.outputs.length);
  },
  gradient: ({ builder: b, node, inputs: [x], outputs: [y] }, [dy]) => {
    const pooling = poolingOf(node, x!.shape);
    const strategy = isTiling(pooling) ? tiledMaxPoolGradient : maxPoolGradient;
    return [strategy(b, x!, y!, dy!, pooling)];
  },
  evaluate: ({ node, inputs: [x] }) => evaluate(node, x!),
};

function evaluate(node: Node, x: Tensor): Tensor[] {
  const pooling = poolingOf(node, x.dims);
  const shape = [...x.dims.slice(0, 2), ...pooling.output];
  const indices: number[] = [];
  const y = reduceWindows(x, pooling, (data, cells, offset) => {
    let largest = Number.NEGATIVE_INFINITY;
    let index = -1;
    for (const cell of cells) {
      const value = data[offset + cell]!;
      if (value > largest || index < 0) [largest, index] = [value, offset + cell];
    }
    indices.push(index);
    return largest;
  });
  return [tensorOf(x.dtype, shape, y), tensorOf('int64', shape, indices)].slice(0, node.outputs.length);
}
