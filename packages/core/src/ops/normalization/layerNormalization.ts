import { DatafreeError, type Node, type Tensor } from '@datafree/plugin';
import { float, floatOf, int, intOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { GradientContext, Operator, Value } from '../../graph/operator.ts';
import { elementCount, numbersOf, tensorOf } from '../../tensor.ts';
import { add } from '../elementwise/add.ts';
import { broadcastShape, mapBroadcast, unbroadcast } from '../elementwise/broadcast.ts';
import { mul } from '../elementwise/mul.ts';
import { normalizeAxis } from '../layout/axis.ts';
import { expand } from '../layout/expand.ts';
import { rowMoments, standardize, standardizeGradient } from './standardize.ts';

/**
 * Normalises `x` over the axes from `axis` on (the last one when absent), its shape kept (Ba et al. 2016):
 * `scale · (x − mean) / √(variance + epsilon) + shift`; scale and shift broadcast to these axes.
 */
export function layerNormalization(
  b: GraphBuilder,
  x: Value,
  scale: Value,
  shift?: Value,
  options: { readonly axis?: number; readonly epsilon?: number } = {},
): Value {
  const { axis = -1, epsilon = 1e-5 } = options;
  return b.op('LayerNormalization', shift === undefined ? [x, scale] : [x, scale, shift], {
    axis: int(axis),
    epsilon: float(epsilon),
  });
}

/**
 * LayerNormalization. Derivative: see {@link standardizeGradient}; the outputs mean and inverse deviation
 * differentiate as `1 / n` and `−z · inverse² / n`, where n elements are normalised together.
 */
export const layerNormalizationOperator: Operator = {
  type: 'LayerNormalization',
  infer: ({ node, inputs }) => {
    const [x, scale, shift] = inputs;
    const { reduced } = normalizedAxes(node, x!.shape);
    for (const parameter of [scale, shift]) {
      if (parameter === undefined || String(broadcastShape(parameter.shape, x!.shape)) === String(x!.shape)) continue;
      throw new DatafreeError('shape-mismatch', `[${parameter.shape}] does not broadcast to [${x!.shape}].`);
    }
    const statistic = { dtype: x!.dtype, shape: reduced };
    return [x!, statistic, statistic];
  },
  gradient,
  evaluate: ({ node, inputs }) => {
    const [x, scale, shift] = inputs as [Tensor, Tensor, Tensor | undefined];
    const { reduced } = normalizedAxes(node, x.dims);
    const { mean, variance } = rowMoments(x, elementCount(reduced));
    const epsilon = floatOf(node, 'epsilon', 1e-5);
    const inverse = variance.map((value) => 1 / Math.sqrt(value + epsilon));
    const size = x.data.length / mean.length;
    const z = Float64Array.from(numbersOf(x), (value, i) => {
      const row = Math.floor(i / size);
      return (value - mean[row]!) * inverse[row]!;
    });
    const normalized = tensorOf('float64', x.dims, z);
    const y =
      shift === undefined
        ? mapBroadcast([normalized, scale], (value, factor) => value * factor, x.dtype)
        : mapBroadcast([normalized, scale, shift], (value, factor, offset) => value * factor + offset, x.dtype);
    return [y, tensorOf(x.dtype, reduced, mean), tensorOf(x.dtype, reduced, inverse)];
  },
};

function normalizedAxes(node: Node, shape: readonly number[]): { axes: number[]; reduced: number[] } {
  const first = normalizeAxis(intOf(node, 'axis', -1), shape.length);
  const axes = [...shape.keys()].slice(first);
  return { axes, reduced: shape.map((size, axis) => (axis >= first ? 1 : size)) };
}

function gradient(
  { builder: b, node, inputs, wanted }: GradientContext,
  [dy, dMean, dInverse]: readonly (Value | undefined)[],
): (Value | undefined)[] {
  const [x, scale, shift] = inputs as [Value, Value, Value | undefined];
  const { axes } = normalizedAxes(node, x.shape);
  const count = elementCount(axes.map((axis) => x.shape[axis]!));
  const statistics = standardize(b, x, axes, floatOf(node, 'epsilon', 1e-5));
  const { centred, inverse } = statistics;
  const byInput = () => {
    const terms: Value[] = [];
    if (dy !== undefined) terms.push(standardizeGradient(b, mul(b, dy, scale), statistics));
    if (dMean !== undefined) terms.push(mul(b, dMean, 1 / count));
    if (dInverse !== undefined) {
      const cube = mul(b, mul(b, inverse, inverse), inverse);
      terms.push(mul(b, centred, mul(b, mul(b, dInverse, cube), -1 / count)));
    }
    return expand(
      b,
      terms.reduce((left, right) => add(b, left, right)),
      x.shape,
    );
  };
  return [
    wanted[0] ? byInput() : undefined,
    wanted[1] && dy ? unbroadcast(b, mul(b, dy, mul(b, centred, inverse)), scale.shape) : undefined,
    wanted[2] && dy ? unbroadcast(b, dy, shift!.shape) : undefined,
  ];
}
