import { int, intOf } from '../../../graph/attributes.ts';
import type { GraphBuilder } from '../../../graph/builder.ts';
import type { EvaluateContext, GradientContext, Operator, Value } from '../../../graph/operator.ts';
import { elementCount, numbersOf, tensorOf } from '../../../tensor.ts';
import { div } from '../../elementwise/div.ts';
import { mul } from '../../elementwise/mul.ts';
import { expand } from '../../layout/expand.ts';
import { reduceSum } from '../../reduction/reduceSum.ts';
import { spatialOf } from '../window.ts';
import { equalMask } from './equalMask.ts';
import { powerSlope } from './powerSlope.ts';

/** The mean of each plane of `x` [N, C, …]: [N, C, 1, …] (ONNX, "GlobalAveragePool"). */
export function globalAveragePool(b: GraphBuilder, x: Value): Value {
  return b.op('GlobalAveragePool', [x]);
}

/** The maximum of each plane of `x` [N, C, …]: [N, C, 1, …] (ONNX, "GlobalMaxPool"). */
export function globalMaxPool(b: GraphBuilder, x: Value): Value {
  return b.op('GlobalMaxPool', [x]);
}

/** The norm `(Σ |x|^p)^(1/p)` of each plane of `x` [N, C, …]: [N, C, 1, …] (ONNX, "GlobalLpPool"). */
export function globalLpPool(b: GraphBuilder, x: Value, p = 2): Value {
  return b.op('GlobalLpPool', [x], { p: int(p) });
}

/** GlobalAveragePool. Derivative: an equal part of the adjoint for every cell. */
export const globalAveragePoolOperator: Operator = globalPool(
  'GlobalAveragePool',
  (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  ({ builder: b, inputs: [x] }, dy) => expand(b, mul(b, dy, 1 / elementCount(spatialOf(x!.shape))), x!.shape),
);

/** GlobalMaxPool. Derivative: the adjoint for the largest cell; several of them share it equally. */
export const globalMaxPoolOperator: Operator = globalPool(
  'GlobalMaxPool',
  (values) => values.reduce((largest, value) => Math.max(largest, value), Number.NEGATIVE_INFINITY),
  ({ builder: b, inputs: [x], outputs: [y] }, dy) => {
    const taken = equalMask(b, x!, y!);
    const count = reduceSum(b, taken, [...x!.shape.keys()].slice(2), true);
    return mul(b, taken, div(b, dy, count));
  },
);

/** GlobalLpPool. Derivative: `dy · |x|^(p−1) · sign(x) / y^(p−1)`. */
export const globalLpPoolOperator: Operator = globalPool(
  'GlobalLpPool',
  (values, p) => values.reduce((sum, value) => sum + Math.abs(value) ** p, 0) ** (1 / p),
  ({ builder: b, node, inputs: [x], outputs: [y] }, dy) => {
    const { inside, outside } = powerSlope(b, x!, y!, intOf(node, 'p', 2));
    return mul(b, inside, mul(b, dy, outside));
  },
);

function globalPool(
  type: string,
  reduce: (values: Float64Array, p: number) => number,
  gradient: (context: GradientContext, dy: Value) => Value,
): Operator {
  const shapeOf = (shape: readonly number[]) => [...shape.slice(0, 2), ...spatialOf(shape).map(() => 1)];
  return {
    type,
    infer: ({ inputs: [x] }) => [{ dtype: x!.dtype, shape: shapeOf(x!.shape) }],
    gradient: (context, [dy]) => [gradient(context, dy!)],
    evaluate: ({ node, inputs: [x] }: EvaluateContext) => {
      const shape = shapeOf(x!.dims);
      const data = Float64Array.from(numbersOf(x!));
      const p = intOf(node, 'p', 2);
      const size = elementCount(spatialOf(x!.dims));
      const y = Float64Array.from({ length: elementCount(shape) }, (_, i) =>
        reduce(data.subarray(i * size, (i + 1) * size), p),
      );
      return [tensorOf(x!.dtype, shape, y)];
    },
  };
}
