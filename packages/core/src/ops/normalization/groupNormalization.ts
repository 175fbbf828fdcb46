import { DatafreeError, type Node, type Tensor } from '@datafree/plugin';
import { float, floatOf, int, intOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { GradientContext, InferContext, Operator, TensorType, Value } from '../../graph/operator.ts';
import { elementCount, numbersOf, tensorOf } from '../../tensor.ts';
import { mul } from '../elementwise/mul.ts';
import { reshape } from '../layout/reshape.ts';
import { channelSum, perChannel } from './perChannel.ts';
import { rowMoments, standardize, standardizeGradient } from './standardize.ts';

/**
 * Normalises each group of channels of each sample of `x` [N, C, …] by its own mean and variance (Wu and He 2018):
 * `scale · (x − mean) / √(variance + epsilon) + shift`, scale and shift [C].
 */
export function groupNormalization(
  b: GraphBuilder,
  x: Value,
  scale: Value,
  shift: Value,
  groups: number,
  epsilon = 1e-5,
): Value {
  return b.op('GroupNormalization', [x, scale, shift], { num_groups: int(groups), epsilon: float(epsilon) });
}

/**
 * Normalises each channel of each sample of `x` [N, C, …], as {@link groupNormalization} with one channel a group
 * (Ulyanov et al. 2016).
 */
export function instanceNormalization(b: GraphBuilder, x: Value, scale: Value, shift: Value, epsilon = 1e-5): Value {
  return b.op('InstanceNormalization', [x, scale, shift], { epsilon: float(epsilon) });
}

/** GroupNormalization (opset 21: scale and bias one value a channel). Derivative: see {@link standardizeGradient}. */
export const groupNormalizationOperator: Operator = grouped('GroupNormalization', (node) => intOf(node, 'num_groups'));

/** InstanceNormalization. Derivative: see {@link standardizeGradient}. */
export const instanceNormalizationOperator: Operator = grouped('InstanceNormalization', (_, channels) => channels);

function grouped(type: string, groupsOf: (node: Node, channels: number) => number): Operator {
  return {
    type,
    infer: (context) => [checked(context, groupsOf)],
    gradient: ({ builder: b, node, inputs, wanted }: GradientContext, [dy]) => {
      const [x, scale] = inputs as [Value, Value];
      const { shape } = x;
      const rows = [shape[0]!, groupsOf(node, shape[1]!), -1];
      rows[2] = elementCount(shape) / (rows[0]! * rows[1]!);
      const statistics = standardize(b, reshape(b, x, rows), [2], floatOf(node, 'epsilon', 1e-5));
      const byInput = () => {
        const dz = reshape(b, mul(b, dy!, perChannel(b, scale, shape.length)), rows);
        return reshape(b, standardizeGradient(b, dz, statistics), shape);
      };
      const byScale = () => {
        const z = reshape(b, mul(b, statistics.centred, statistics.inverse), shape);
        return channelSum(b, mul(b, dy!, z));
      };
      return [
        wanted[0] ? byInput() : undefined,
        wanted[1] ? byScale() : undefined,
        wanted[2] ? channelSum(b, dy!) : undefined,
      ];
    },
    evaluate: ({ node, inputs }) => {
      const [x, scale, shift] = inputs as [Tensor, Tensor, Tensor];
      const [samples, channels] = x.dims as [number, number];
      const rows = samples * groupsOf(node, channels);
      const { mean, variance } = rowMoments(x, rows);
      const epsilon = floatOf(node, 'epsilon', 1e-5);
      const [factors, shifts] = [numbersOf(scale), numbersOf(shift)];
      const size = x.data.length / rows;
      const plane = x.data.length / (samples * channels);
      const y = Float64Array.from(numbersOf(x), (value, i) => {
        const row = Math.floor(i / size);
        const c = Math.floor(i / plane) % channels;
        return (factors[c]! * (value - mean[row]!)) / Math.sqrt(variance[row]! + epsilon) + shifts[c]!;
      });
      return [tensorOf(x.dtype, x.dims, y)];
    },
  };
}

function checked({ node, inputs }: InferContext, groupsOf: (node: Node, channels: number) => number): TensorType {
  const [x, scale, shift] = inputs as [TensorType, TensorType, TensorType];
  const channels = x.shape[1] ?? 0;
  const groups = groupsOf(node, channels);
  if (x.shape.length < 3 || channels % groups !== 0) {
    throw new DatafreeError('shape-mismatch', `[${x.shape}] cannot be normalised in ${groups} groups of channels.`);
  }
  for (const { shape } of [scale, shift]) {
    if (String(shape) === String([channels])) continue;
    throw new DatafreeError('shape-mismatch', `[${shape}] is not one value for each channel of [${x.shape}].`);
  }
  return x;
}
