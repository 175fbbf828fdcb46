import {
  batchNormalization,
  conv,
  GraphBuilder,
  gemm,
  globalAveragePool,
  Random,
  relu,
  reshape,
  tensorOf,
  type Value,
} from '@datafree/core';
import { prepareModel } from '@datafree/onnx';
import { type Model, type ProgressEvent, type Runtime, silentLogger } from '@datafree/plugin';
import { ort } from '@datafree/runtime-ort';
import { tfjs } from '@datafree/runtime-tfjs';
import { type BnsOptions, bns } from '@datafree/synth-bns';
import { describe, expect, it } from 'vitest';

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
  return prepareModel(b.build(), { grid: { scale: [1 / 64], offset: [-2], low: 0, high: 255, whole: true } });
}

/** The loss at each iteration of a synthesis. */
async function losses(runtime: Runtime, options: BnsOptions): Promise<number[]> {
  const seen: number[] = [];
  const onProgress = ({ values }: ProgressEvent) => {
    if (values?.loss !== undefined) seen.push(values.loss);
  };
  const synthesizer = bns({ iterations: 20, ...options });
  await synthesizer.synthesize(network(), { count: 8 }, { runtime, seed: 7, logger: silentLogger, onProgress });
  return seen;
}

const load = async () => {
  await import('@tensorflow/tfjs-backend-cpu');
  await import('@tensorflow/tfjs-backend-wasm');
  return import('@tensorflow/tfjs-core');
};

describe.each(['cpu', 'wasm'])('onnxruntime and TensorFlow.js (%s) agree on a whole optimisation', (backend) => {
  const settings: Readonly<Record<string, BnsOptions>> = {
    'with default options': {},
    'with augmented copies of each sample': { copies: 2, augmentations: ['flip', 'crop', 'cutout'] },
  };
  it.each(Object.entries(settings))('%s', { timeout: 300_000 }, async (__, options) => {
    const one = await losses(ort({ threads: 1 }), options);
    const two = await losses(tfjs({ lib: load, backend }), options);
    expect(one).toHaveLength(20);
    expect(two).toHaveLength(20);
    expect(Math.min(...one)).toBeLessThan(0.7 * one[0]!);
    one.forEach((loss, i) => {
      expect(Math.abs(two[i]! - loss) / loss, `iteration ${i}: ${loss} and ${two[i]}`).toBeLessThan(1e-3);
    });
  });
});
