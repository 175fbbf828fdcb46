import { int, intOf } from '../../../graph/attributes.ts';
import type { GraphBuilder } from '../../../graph/builder.ts';
import type { Operator, Value } from '../../../graph/operator.ts';
import { tensorOf } from '../../../tensor.ts';
import { mul } from '../../elementwise/mul.ts';
import { type PoolOptions, poolAttributes, poolingOf, reduceWindows } from './pooling.ts';
import { powerSlope } from './powerSlope.ts';
import { spread } from './spread.ts';

/** The norm `(Σ |x|^p)^(1/p)` of each window of `x` [N, C, …]: [N, C, …places] (ONNX, "LpPool"). */
export function lpPool(b: GraphBuilder, x: Value, options: PoolOptions & { readonly p?: number }): Value {
  return b.op('LpPool', [x], { ...poolAttributes(options), p: int(options.p ?? 2) });
}

/** LpPool. Derivative: `|x|^(p−1) · sign(x) · Σ dy / y^(p−1)`, the sum over the windows that hold the cell. */
export const lpPoolOperator: Operator = {
  type: 'LpPool',
  infer: ({ node, inputs: [x] }) => [
    { dtype: x!.dtype, shape: [...x!.shape.slice(0, 2), ...poolingOf(node, x!.shape).output] },
  ],
  gradient: ({ builder: b, node, inputs: [x], outputs: [y] }, [dy]) => {
    const { inside, outside } = powerSlope(b, x!, y!, intOf(node, 'p', 2));
    return [mul(b, inside, spread(b, mul(b, dy!, outside), poolingOf(node, x!.shape), 1))];
  },
  evaluate: ({ node, inputs: [x] }) => {
    const pooling = poolingOf(node, x!.dims);
    const p = intOf(node, 'p', 2);
    const y = reduceWindows(
      x!,
      pooling,
      (data, cells, offset) => cells.reduce((sum, cell) => sum + Math.abs(data[offset + cell]!) ** p, 0) ** (1 / p),
    );
    return [tensorOf(x!.dtype, [...x!.dims.slice(0, 2), ...pooling.output], y)];
  },
};
