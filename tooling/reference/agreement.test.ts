import {
  batchNormalization,
  conv,
  GraphBuilder,
  gemm,
  globalAveragePool,
  Random,
  relu,
  reshape,
  scalarOf,
  tensorOf,
  type Value,
} from '@datafree/core';
import { prepareModel } from '@datafree/onnx';
import { type Model, type Node, type ProgressEvent, type Runtime, silentLogger } from '@datafree/plugin';
import { ort } from '@datafree/runtime-ort';
import { tfjs } from '@datafree/runtime-tfjs';
import { type BnsOptions, bns } from '@datafree/synth-bns';
import { beforeAll, describe, expect, it } from 'vitest';

const count = 8;
/** Of the grid of inputs. */
const step = 1 / 64;

/** Three convolutions (plain, depthwise, stride 2) with BatchNormalization and Relu, a mean and a dense layer. */
function network(): Model {
  const random = new Random(11);
  const b = new GraphBuilder({ name: 'small' });
  const vector = (count: number, low: number, high: number) =>
    b.constant(tensorOf('float32', [count], random.uniforms(count, low, high)));
  const layer = (x: Value, shape: readonly number[], strides: readonly number[], groups: number): Value => {
    const count = shape.reduce((product, size) => product * size, 1);
    const deviation = Math.sqrt((2 * shape[0]!) / count);
    const weights = b.constant(tensorOf('float32', shape, random.normals(count, 0, deviation)));
    const channels = shape[0]!;
    const y = conv(b, x, weights, undefined, { strides, groups, pads: [1, 1, 1, 1] });
    const parameters = {
      scale: vector(channels, 0.5, 1.5),
      shift: vector(channels, -0.5, 0.5),
      mean: vector(channels, -0.5, 0.5),
      variance: vector(channels, 0.5, 1.5),
    };
    return relu(b, batchNormalization(b, y, parameters));
  };
  const image = b.input('input', 'float32', [1, 3, 12, 12]);
  const first = layer(image, [8, 3, 3, 3], [1, 1], 1);
  const second = layer(first, [8, 1, 3, 3], [1, 1], 8);
  const third = layer(second, [12, 8, 3, 3], [2, 2], 1);
  const features = reshape(b, globalAveragePool(b, third), [1, 12]);
  const dense = b.constant(tensorOf('float32', [12, 4], random.normals(48, 0, 0.3)));
  b.output(gemm(b, features, dense), 'logits');
  return prepareModel(b.build(), { grid: { scale: [step], offset: [-2], low: 0, high: 255, whole: true } });
}

/** What a synthesis comes to: its samples, and the loss at each iteration. */
interface Outcome {
  readonly samples: Float32Array;
  readonly losses: readonly number[];
}

async function synthesis(runtime: Runtime, options: BnsOptions): Promise<Outcome> {
  const losses: number[] = [];
  const onProgress = ({ values }: ProgressEvent) => {
    if (values?.loss !== undefined) losses.push(values.loss);
  };
  const synthesizer = bns({ iterations: 20, ...options });
  const context = { runtime, seed: 7, logger: silentLogger, onProgress };
  const set = await synthesizer.synthesize(network(), { count }, context);
  const samples = new Float32Array(count * 3 * 12 * 12);
  for await (const { data } of set.batches(count)) samples.set(data.data);
  return { samples, losses };
}

/** Root of the mean squared difference, in steps of the grid of inputs. */
function distance(one: Float32Array, two: Float32Array): number {
  const sum = one.reduce((total, value, i) => total + (value - two[i]!) ** 2, 0);
  return Math.sqrt(sum / one.length) / step;
}

/** A runtime whose steps have the adjoint of the layer of stride 2, a ConvTranspose, 2 % too large. */
function wrong(runtime: Runtime): Runtime {
  const compile: Runtime['compile'] = (graph, options) => {
    const nodes = graph.nodes.flatMap((node): readonly Node[] => {
      if (node.op !== 'ConvTranspose') return [node];
      const scaled = { op: 'Mul', domain: '', name: 'wrong', inputs: ['right', 'factor'], attributes: {} };
      return [
        { ...node, outputs: ['right'] },
        { ...scaled, outputs: node.outputs },
      ];
    });
    const initializers = new Map([...graph.initializers, ['factor', scalarOf('float32', 1.02)] as const]);
    return runtime.compile({ ...graph, nodes, initializers }, options);
  };
  return { ...runtime, compile };
}

const load = async () => {
  await import('@tensorflow/tfjs-backend-cpu');
  await import('@tensorflow/tfjs-backend-wasm');
  return import('@tensorflow/tfjs-core');
};

/** Steps of the grid: rounding may decide otherwise where a value falls between two of them. */
const tolerance = 0.75;

const settings: Readonly<Record<string, BnsOptions>> = {
  'with default options': {},
  'with augmented copies of each sample': { copies: 2, augmentations: ['flip', 'crop', 'cutout'] },
};

describe.each(Object.entries(settings))('a whole optimisation %s', { timeout: 300_000 }, (_, options) => {
  const runtime = ort({ threads: 1 });
  let own: Outcome;

  beforeAll(async () => {
    own = await synthesis(runtime, options);
    expect(own.losses).toHaveLength(20);
    expect(Math.min(...own.losses)).toBeLessThan(0.7 * own.losses[0]!);
  });

  it.each(['cpu', 'wasm'])('comes to the same on onnxruntime and TensorFlow.js (%s)', async (backend) => {
    const { samples, losses } = await synthesis(tfjs({ lib: load, backend }), options);
    expect(losses).toHaveLength(20);
    own.losses.forEach((loss, i) => {
      expect(Math.abs(losses[i]! - loss) / loss, `iteration ${i}: ${loss} and ${losses[i]}`).toBeLessThan(1e-3);
    });
    expect(distance(own.samples, samples)).toBeLessThan(tolerance);
  });

  it('comes to something else where one adjoint is wrong', async () => {
    const { samples } = await synthesis(wrong(runtime), options);
    expect(distance(own.samples, samples)).toBeGreaterThan(2 * tolerance);
  });
});
