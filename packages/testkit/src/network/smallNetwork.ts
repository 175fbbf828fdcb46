import {
  batchNormalization,
  ChannelMoments,
  conv,
  elementCount,
  flatten,
  GraphBuilder,
  gemm,
  globalAveragePool,
  Random,
  relu,
  tensorOf,
  type Value,
} from '@datafree/core';
import { prepareModel } from '@datafree/onnx';
import type { InputGrid, Model, SampleSet, Tensor } from '@datafree/plugin';
import { memorySamples } from './memorySamples.ts';
import { smoothImages } from './smoothImages.ts';

/** Options of {@link smallNetwork}. */
export interface SmallNetworkOptions {
  /** Seed of the weights; 1 when absent. */
  readonly seed?: number;
  /** `false` for the same network without BatchNormalization. */
  readonly batchNorm?: boolean;
  /** `false` for a network of which the grid of valid inputs is not known. */
  readonly grid?: boolean;
}

/** Pixels 0 … 255 become `pixel / 64 − 2`. */
export const smallNetworkGrid: InputGrid = { scale: [1 / 64], offset: [-2], low: 0, high: 255, whole: true };

/** Shape of a sample of {@link smallNetwork}. */
export const smallNetworkShape: readonly number[] = [3, 8, 8];

/** Classes of {@link smallNetwork}. */
export const smallNetworkClasses = 4;

/** Images that the statistics are measured on. */
const trainingImages = 32;

const layers = [
  { width: 6, stride: 1 },
  { width: 8, stride: 2 },
] as const;

/**
 * A network small enough for any runtime: twice Conv, BatchNormalization and Relu, then GlobalAveragePool, Flatten and
 * Gemm; 3 × 8 × 8 in, 4 classes out, a free batch axis. Weights are drawn from the seed. What its BatchNormalizations
 * remember was measured on smooth images, as training would leave it, so that samples can be better or worse.
 */
export function smallNetwork({ seed = 1, batchNorm = true, grid = true }: SmallNetworkOptions = {}): Model {
  const random = new Random(seed).fork('small network');
  const b = new GraphBuilder({ name: 'small network' });
  let x = b.input('input', 'float32', [2, ...smallNetworkShape]);
  // The same network on constant images: the builder computes what is constant.
  const training = new GraphBuilder();
  const images = smallNetworkInputs(trainingImages, random.fork('training'));
  let seen = training.constant(tensorOf('float32', [trainingImages, ...smallNetworkShape], images));
  for (const [index, { width, stride }] of layers.entries()) {
    const drawn = drawLayer(random.fork('layer', index), width, x.shape[1] as number);
    const layer = { ...drawn, index, stride, bias: batchNorm ? undefined : drawn.shift };
    const y = writeConv(b, x, layer);
    const trained = writeConv(training, seen, layer);
    if (batchNorm) {
      const moments = momentsOf(training.constantOf(trained) as Tensor);
      x = relu(b, writeBatchNorm(b, y, { ...layer, ...moments }));
      seen = relu(training, writeBatchNorm(training, trained, { ...layer, ...moments }));
    } else {
      x = relu(b, y);
      seen = relu(training, trained);
    }
  }
  const head = random.fork('head');
  const width = x.shape[1] as number;
  const weight = tensorOf('float32', [smallNetworkClasses, width], head.normals(smallNetworkClasses * width));
  const bias = tensorOf('float32', [smallNetworkClasses], head.normals(smallNetworkClasses, 0, 0.1));
  const flat = flatten(b, globalAveragePool(b, x));
  b.output(gemm(b, flat, b.constant(weight, 'weight'), b.constant(bias, 'bias'), { transB: true }), 'logits');
  return prepareModel(b.build(), {
    requireBatchNorm: batchNorm,
    ...(grid && { grid: structuredClone(smallNetworkGrid) }),
  });
}

interface Layer {
  readonly index: number;
  readonly stride: number;
  readonly weight: Tensor;
  readonly bias: Float32Array | undefined;
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

interface Moments {
  readonly mean: ArrayLike<number>;
  readonly variance: ArrayLike<number>;
}

function drawLayer(random: Random, width: number, from: number): Pick<Layer, 'weight' | 'scale' | 'shift'> {
  const kernel = random.normals(width * from * 9, 0, (from * 9) ** -0.5);
  return {
    weight: tensorOf('float32', [width, from, 3, 3], kernel),
    scale: random.uniforms(width, 0.6, 1.4),
    shift: random.normals(width, 0, 0.3),
  };
}

function writeConv(b: GraphBuilder, x: Value, { index, weight, bias, stride }: Layer): Value {
  return conv(b, x, b.constant(weight, `weight.${index}`), bias && vector(b, `bias.${index}`, bias), {
    pads: [1, 1, 1, 1],
    strides: [stride, stride],
  });
}

function writeBatchNorm(b: GraphBuilder, y: Value, { index, scale, shift, mean, variance }: Layer & Moments): Value {
  return batchNormalization(b, y, {
    scale: vector(b, `scale.${index}`, scale),
    shift: vector(b, `shift.${index}`, shift),
    mean: vector(b, `mean.${index}`, mean),
    variance: vector(b, `variance.${index}`, variance),
  });
}

function vector(b: GraphBuilder, name: string, values: ArrayLike<number>): Value {
  return b.constant(tensorOf('float32', [values.length], values), name);
}

/** Mean and variance of each channel of [N, C, …]. */
function momentsOf({ data, dims }: Tensor): Moments {
  const channels = dims[1] as number;
  const moments = new ChannelMoments(channels);
  moments.add(data as Float32Array, elementCount(dims.slice(2)));
  return { mean: moments.mean(), variance: moments.variance() };
}

/** Smooth images as {@link smallNetwork} takes them; `labels` gives each the class of its index, in turn. */
export function smallNetworkSamples(
  count: number,
  { seed = 7, labels = false }: { readonly seed?: number; readonly labels?: boolean } = {},
): SampleSet {
  const values = smallNetworkInputs(count, new Random(seed).fork('samples'));
  const classes = Int32Array.from({ length: count }, (_, n) => n % smallNetworkClasses);
  return memorySamples(smallNetworkShape, values, labels ? classes : undefined);
}

function smallNetworkInputs(count: number, random: Random): Float32Array {
  const [channels = 0, size = 0] = smallNetworkShape;
  const { scale, offset } = smallNetworkGrid;
  return smoothImages(count, channels, size, random).map(
    (pixel) => (scale[0] as number) * pixel + (offset[0] as number),
  );
}
