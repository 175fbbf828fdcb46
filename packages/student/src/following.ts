import {
  add,
  batchNormalizationTraining,
  exp,
  mul,
  numbersOf,
  type StepProgram,
  tensorOf,
  type Value,
} from '@datafree/core';
import { type BatchNormSite, DatafreeError, type Graph, type Model, type Node, type Tensor } from '@datafree/plugin';
import type { Bias, Quantisers, WeightQuantiser } from './quantisers.ts';
import { stateOf } from './states.ts';

/** A layer of a quantised graph that has its BatchNormalization back while it learns. */
export interface FollowedLayer {
  readonly layer: Node;
  readonly weight: WeightQuantiser;
  readonly bias: Bias;
  readonly batchNorm: BatchNormSite;
  /** What the weights of each channel were multiplied with by folding: `gamma / √(variance + epsilon)`. */
  readonly factors: Float32Array;
}

/** Share of the old running moments that a step keeps. */
const momentum = 0.9;
/** Factors that are nearer to zero leave nothing of a channel that could be divided by them. */
const smallestFactor = 1e-12;

/**
 * The BatchNormalizations of a network that its folded form has in a Conv or Gemm, by the name of that layer.
 *
 * @param folded the network with BatchNormalization folded
 */
export function foldedBatchNorms(model: Model, folded: Graph): ReadonlyMap<string, BatchNormSite> {
  const sites = new Map(model.batchNorms.map((site) => [site.node, site]));
  const byOutput = new Map(model.graph.nodes.map((node) => [node.outputs[0], sites.get(node.name)]));
  return new Map(
    folded.nodes.flatMap((node) => {
      const site = byOutput.get(node.outputs[0]);
      return site !== undefined && (node.op === 'Conv' || node.op === 'Gemm') ? [[node.name, site] as const] : [];
    }),
  );
}

/**
 * The layers with quantised weights among those that a BatchNormalization was folded into.
 *
 * @throws `unsupported` for a layer whose channels have no step sizes of their own: moments go into these
 */
export function followedLayers(
  graph: Graph,
  { weights, biases }: Quantisers,
  batchNorms: ReadonlyMap<string, BatchNormSite>,
): FollowedLayer[] {
  return graph.nodes.flatMap((layer) => {
    const batchNorm = batchNorms.get(layer.name);
    const weight = weights.find(({ node }) => node.outputs[0] === layer.inputs[1]);
    const bias = biases.find(({ name }) => name === layer.inputs[2]);
    if (batchNorm === undefined || weight === undefined || bias === undefined) return [];
    const scales = graph.initializers.get(weight.scale) as Tensor;
    if (scales.data.length !== batchNorm.channels) {
      throw new DatafreeError('unsupported', `The weights of "${layer.name}" have one step size for all channels.`, {
        node: layer.name,
        op: layer.op,
        hint: "A BatchNormalization that follows needs one for each: quantise with granularity 'channel', or set batchNorm to 'frozen'.",
      });
    }
    const { scale, variance, epsilon } = batchNorm;
    const factors = scale.map((gamma, c) => {
      const factor = gamma / Math.sqrt((variance[c] as number) + epsilon);
      return Math.abs(factor) < smallestFactor ? 1 : factor;
    });
    return [{ layer, weight, bias, batchNorm, factors }];
  });
}

/**
 * Writes a layer with its BatchNormalization in training mode behind it: the layer as it was before folding, then
 * `gamma · exp(δ) · (x − mean) / √(variance + epsilon) + beta` with the moments of the batch. The running moments
 * follow by a tenth at each step; δ learns, and so does beta, which has the place of the bias.
 *
 * @param first the bias that the folded layer has, which says where the running mean starts
 * @returns what the layer gives, and δ
 */
export function writeFollowed(
  program: StepProgram,
  { layer, weight, batchNorm, factors }: FollowedLayer,
  [x, kernel, beta]: readonly [Value, Value, Value],
  first: ArrayLike<number>,
): { readonly output: Value; readonly change: Value } {
  const b = program.builder;
  const { channels, shift, scale, variance, epsilon } = batchNorm;
  const vector = (values: ArrayLike<number>) => tensorOf('float32', [channels], values);
  const each = kernel.shape.map((_, axis) => (axis === weight.axis ? channels : 1));
  const unfolded = mul(
    b,
    kernel,
    b.constant(
      tensorOf(
        'float32',
        each,
        factors.map((factor) => 1 / factor),
      ),
    ),
  );
  const [sums] = b.apply(layer.op, [x, unfolded], { attributes: layer.attributes });

  const start = factors.map((factor, c) => ((shift[c] as number) - (first[c] as number)) / factor);
  const running = {
    mean: program.state(stateOf.mean(layer.name), vector(start)),
    variance: program.state(stateOf.variance(layer.name), vector(variance)),
  };
  const change = program.state(stateOf.gamma(layer.name), vector([]));
  const gamma = mul(b, b.constant(vector(scale)), exp(b, change));
  // With momentum 0 the node gives the moments of the batch, which its derivative needs too.
  const parameters = { scale: gamma, shift: beta, ...running };
  const batch = batchNormalizationTraining(b, sums as Value, parameters, { epsilon, momentum: 0 });
  for (const moment of ['mean', 'variance'] as const) {
    const followed = add(b, mul(b, running[moment], momentum), mul(b, batch[moment], 1 - momentum));
    program.next(running[moment], followed);
  }
  return { output: batch.y, change };
}

/**
 * Folds running moments back: what the step size of each channel is multiplied with, and the bias.
 *
 * @returns undefined where the layer did not follow
 */
export function foldFollowed(
  { layer, bias, batchNorm, factors }: FollowedLayer,
  states: ReadonlyMap<string, Tensor>,
): { readonly factors: Float64Array; readonly bias: Tensor } | undefined {
  const names = [stateOf.mean, stateOf.variance, stateOf.gamma].map((name) => name(layer.name));
  const [mean, variance, change, beta] = [...names, stateOf.bias(bias.name)].map((name) => states.get(name));
  if (mean === undefined || variance === undefined || change === undefined || beta === undefined) return undefined;
  const [means, variances, changes] = [mean, variance, change].map(numbersOf) as [Numbers, Numbers, Numbers];
  const { epsilon } = batchNorm;
  const own = Float64Array.from(changes, (delta, c) => {
    const ratio = ((batchNorm.variance[c] as number) + epsilon) / ((variances[c] as number) + epsilon);
    return Math.exp(delta) * Math.sqrt(ratio);
  });
  const folded = Float64Array.from(numbersOf(beta), (value, c) => {
    return value - (means[c] as number) * (factors[c] as number) * (own[c] as number);
  });
  return { factors: own, bias: tensorOf('float32', beta.dims, folded) };
}

type Numbers = ArrayLike<number>;
