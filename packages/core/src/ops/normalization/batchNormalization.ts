import { DatafreeError, type Node, type Tensor } from '@datafree/plugin';
import { attributes, float, floatOf, int, intOf } from '../../graph/attributes.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import type { GradientContext, Operator, Value } from '../../graph/operator.ts';
import { numbersOf, tensorOf } from '../../tensor.ts';
import { add } from '../elementwise/add.ts';
import { mul } from '../elementwise/mul.ts';
import { neg } from '../elementwise/neg.ts';
import { sub } from '../elementwise/sub.ts';
import { reshape } from '../layout/reshape.ts';
import { channelAffine, channelAxes, channelSum, perChannel } from './perChannel.ts';
import { inverseDeviation, type Standardized, standardize } from './standardize.ts';

/** What a BatchNormalization needs besides its input; one value a channel. */
export interface BatchNormParameters {
  readonly scale: Value;
  readonly shift: Value;
  readonly mean: Value;
  readonly variance: Value;
}

/** Outputs of {@link batchNormalizationTraining}. */
export interface BatchNormTraining {
  readonly y: Value;
  /** `momentum · mean + (1 − momentum) · batch mean`; likewise the variance. */
  readonly mean: Value;
  readonly variance: Value;
}

/** Normalises `x` [N, C, …] by given statistics: `scale · (x − mean) / √(variance + epsilon) + shift`. */
export function batchNormalization(
  b: GraphBuilder,
  x: Value,
  { scale, shift, mean, variance }: BatchNormParameters,
  epsilon = 1e-5,
): Value {
  return b.op('BatchNormalization', [x, scale, shift, mean, variance], { epsilon: float(epsilon) });
}

/**
 * Normalises `x` [N, C, …] by the statistics of this batch, and moves the running statistics towards them. With
 * momentum 0 the statistics that come out are those of the batch, which spares the derivative computing them again.
 */
export function batchNormalizationTraining(
  b: GraphBuilder,
  x: Value,
  { scale, shift, mean, variance }: BatchNormParameters,
  options: { readonly epsilon?: number; readonly momentum?: number } = {},
): BatchNormTraining {
  const { epsilon = 1e-5, momentum = 0.9 } = options;
  const [y, newMean, newVariance] = b.apply('BatchNormalization', [x, scale, shift, mean, variance], {
    attributes: attributes({ epsilon: float(epsilon), momentum: float(momentum), training_mode: int(1) }),
    outputs: 3,
  });
  return { y: y!, mean: newMean!, variance: newVariance! };
}

/**
 * BatchNormalization (opset 15). In inference the derivative by the input is the adjoint times
 * `scale / √(variance + epsilon)`; in training mode batch mean and batch variance (of the population) are
 * differentiated too, see {@link trainingGradient}.
 */
export const batchNormalizationOperator: Operator = {
  type: 'BatchNormalization',
  infer: ({ node, inputs }) => {
    const [x, ...parameters] = inputs;
    const channels = x!.shape[1];
    for (const parameter of parameters) {
      if (String(parameter?.shape) !== String([channels])) {
        throw new DatafreeError(
          'shape-mismatch',
          `[${parameter?.shape}] is not one value for each channel of [${x!.shape}].`,
        );
      }
    }
    const statistic = { dtype: parameters[2]!.dtype, shape: [channels!] };
    return isTraining(node) ? [x!, statistic, statistic] : [x!];
  },
  gradient: (context, adjoints) =>
    isTraining(context.node) ? trainingGradient(context, adjoints) : inferenceGradient(context, adjoints[0]!),
  evaluate: ({ node, inputs }) => {
    const [x, scale, shift, ...running] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const [mean, variance] = isTraining(node) ? channelMoments(x) : running.map(numbersOf);
    const epsilon = floatOf(node, 'epsilon', 1e-5);
    const channels = x.dims[1]!;
    const size = x.data.length / (x.dims[0]! * channels);
    const [factors, shifts] = [numbersOf(scale), numbersOf(shift)];
    const y = Float64Array.from(numbersOf(x), (value, i) => {
      const c = Math.floor(i / size) % channels;
      return (factors[c]! * (value - mean![c]!)) / Math.sqrt(variance![c]! + epsilon) + shifts[c]!;
    });
    const result = tensorOf(x.dtype, x.dims, y);
    if (!isTraining(node)) return [result];
    const momentum = floatOf(node, 'momentum', 0.9);
    const moved = running.map((old, k) => {
      const batch = k === 0 ? mean! : variance!;
      const values = Float64Array.from(numbersOf(old), (value, c) => momentum * value + (1 - momentum) * batch[c]!);
      return tensorOf(old.dtype, old.dims, values);
    });
    return [result, ...moved];
  },
};

function isTraining(node: Node): boolean {
  return intOf(node, 'training_mode', 0) === 1;
}

function inferenceGradient({ builder: b, node, inputs, wanted }: GradientContext, dy: Value): (Value | undefined)[] {
  const [x, scale, , mean, variance] = inputs as [Value, Value, Value, Value, Value];
  const rank = x.shape.length;
  const inverse = inverseDeviation(b, variance, floatOf(node, 'epsilon', 1e-5));
  const factor = mul(b, scale, inverse);
  const ofStatistics = wanted[1] || wanted[4];
  const correlation = ofStatistics ? channelSum(b, mul(b, dy, sub(b, x, perChannel(b, mean, rank)))) : undefined;
  const sum = wanted[2] || wanted[3] ? channelSum(b, dy) : undefined;
  return [
    wanted[0] ? mul(b, dy, perChannel(b, factor, rank)) : undefined,
    wanted[1] ? mul(b, correlation!, inverse) : undefined,
    wanted[2] ? sum : undefined,
    wanted[3] ? neg(b, mul(b, sum!, factor)) : undefined,
    wanted[4] ? mul(b, mul(b, correlation!, factor), mul(b, mul(b, inverse, inverse), -0.5)) : undefined,
  ];
}

/**
 * The derivative in training mode (Ioffe and Szegedy 2015, section 3). With n elements a channel, `z = x − mean` and
 * `r = 1 / √(variance + epsilon)`:
 * `dx = scale · r · (dy − Σ dy / n − z · r² · Σ (dy · z) / n)`.
 * Adjoints of the running statistics, which hold `1 − momentum` of the batch's, add to the last two terms.
 */
function trainingGradient(
  { builder: b, node, inputs, outputs, wanted }: GradientContext,
  [dy, dMean, dVariance]: readonly (Value | undefined)[],
): (Value | undefined)[] {
  const [x, scale] = inputs as [Value, Value];
  const rank = x.shape.length;
  const count = x.shape.reduce((product, size) => product * size, 1) / x.shape[1]!;
  const momentum = floatOf(node, 'momentum', 0.9);
  const { centred, inverse } = batchStatistics(b, node, x, momentum === 0 ? outputs : []);
  const factor = mul(b, scale, inverse);
  const sum = dy && channelSum(b, dy);
  const correlation = dy && channelSum(b, mul(b, dy, centred));

  const byInput = () => {
    const slopes: Value[] = [];
    const shifts: Value[] = [];
    if (dy !== undefined) {
      slopes.push(mul(b, mul(b, mul(b, correlation!, factor), mul(b, inverse, inverse)), -1 / count));
      shifts.push(mul(b, mul(b, sum!, factor), -1 / count));
    }
    if (dMean !== undefined) shifts.push(mul(b, dMean, (1 - momentum) / count));
    if (dVariance !== undefined) slopes.push(mul(b, dVariance, (2 * (1 - momentum)) / count));
    const zero = b.constant(tensorOf(x.dtype, [x.shape[1]!], []));
    const total = (values: readonly Value[]) =>
      values.length === 0 ? zero : values.reduce((left, right) => add(b, left, right));
    const ofStatistics = channelAffine(b, centred, total(slopes), total(shifts));
    return dy === undefined ? ofStatistics : add(b, mul(b, dy, perChannel(b, factor, rank)), ofStatistics);
  };
  return [
    wanted[0] ? byInput() : undefined,
    wanted[1] && correlation ? mul(b, correlation, inverse) : undefined,
    wanted[2] ? sum : undefined,
    wanted[3] && dMean ? mul(b, dMean, momentum) : undefined,
    wanted[4] && dVariance ? mul(b, dVariance, momentum) : undefined,
  ];
}

/** `x − mean` and `1 / √(variance + epsilon)` [C] of the batch, its statistics computed unless they are given. */
function batchStatistics(
  b: GraphBuilder,
  node: Node,
  x: Value,
  [, mean, variance]: readonly Value[],
): Omit<Standardized, 'axes'> {
  const epsilon = floatOf(node, 'epsilon', 1e-5);
  if (mean !== undefined && variance !== undefined && mean.name !== '' && variance.name !== '') {
    const centred = sub(b, x, perChannel(b, mean, x.shape.length));
    return { centred, inverse: inverseDeviation(b, variance, epsilon) };
  }
  const { centred, inverse } = standardize(b, x, channelAxes(x.shape.length), epsilon);
  return { centred, inverse: reshape(b, inverse, [x.shape[1]!]) };
}

function channelMoments(x: Tensor): [Float64Array, Float64Array] {
  const channels = x.dims[1]!;
  const size = x.data.length / (x.dims[0]! * channels);
  const count = x.dims[0]! * size;
  const data = numbersOf(x);
  const channelOf = (i: number) => Math.floor(i / size) % channels;
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  for (let i = 0; i < data.length; i++) mean[channelOf(i)]! += data[i]! / count;
  for (let i = 0; i < data.length; i++) variance[channelOf(i)]! += (data[i]! - mean[channelOf(i)]!) ** 2 / count;
  return [mean, variance];
}
