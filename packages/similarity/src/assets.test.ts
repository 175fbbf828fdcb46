import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '@datafree/core';
import { gridOf, memorySamples, openData, type Preprocess, toInput } from '@datafree/data';
import { loadModel } from '@datafree/onnx';
import { type InputGrid, type SampleSet, silentLogger } from '@datafree/plugin';
import { ort } from '@datafree/runtime-ort';
import { describe, expect, it } from 'vitest';
import { compareDataSets } from './compareDataSets.ts';

const assets = process.env.DATAFREE_ASSETS ?? fileURLToPath(new URL('../../../../shared/assets', import.meta.url));
const there = existsSync(join(assets, 'manifest.json'));

/** Mean and deviation of the stored values of each channel. */
async function statistics(samples: SampleSet, { scale, offset }: InputGrid) {
  const channels = scale.length;
  const plane = samples.shape.slice(1).reduce((a, b) => a * b, 1);
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  for await (const { data } of samples.batches(32)) {
    for (let i = 0; i < data.data.length; i++) {
      const c = Math.floor(i / plane) % channels;
      const value = (data.data[i]! - offset[c]!) / scale[c]!;
      sums[c]! += value;
      squares[c]! += value * value;
    }
  }
  const count = samples.count * plane;
  const mean = sums.map((sum) => sum / count);
  return { mean, deviation: squares.map((square, c) => Math.sqrt(square / count - mean[c]! ** 2)) };
}

/** Independent values of every pixel: normal ones with the mean and deviation of the data, and uniform ones. */
async function noises(real: SampleSet, grid: InputGrid, count: number) {
  const { shape } = real;
  const { mean, deviation } = await statistics(real, grid);
  const size = shape.reduce((a, b) => a * b, 1);
  const plane = size / shape[0]!;
  const random = new Random(1);
  const gaussian = random.normals(count * size);
  for (let i = 0; i < gaussian.length; i++) {
    const c = Math.floor(i / plane) % shape[0]!;
    const value = Math.round(mean[c]! + deviation[c]! * gaussian[i]!);
    gaussian[i] = Math.min(grid.high, Math.max(grid.low, value));
  }
  const uniform = new Float32Array(count * size);
  for (let i = 0; i < uniform.length; i++) uniform[i] = grid.low + random.integer(grid.high - grid.low + 1);
  const set = (stored: Float32Array): SampleSet => memorySamples({ shape, data: toInput(grid, stored, shape) });
  return { gaussian: set(gaussian), uniform: set(uniform) };
}

interface Case {
  readonly network: string;
  readonly data: string;
  readonly preprocess: Preprocess;
  readonly count: number;
}

const cases: readonly Case[] = [
  { network: 'resnet20_cifar10', data: 'cifar10_test_first5000.u8', preprocess: 'imagenet', count: 400 },
  { network: 'resnet20_cifar10_torchraw', data: 'cifar10_test_first5000.u8', preprocess: 'imagenet', count: 200 },
  { network: 'resnet44_cifar10', data: 'cifar10_test_first5000.u8', preprocess: 'imagenet', count: 200 },
  { network: 'mobilenetv1_025_224_imagenet', data: 'imagenet_nips17_first250.u8.gz', preprocess: 'signed', count: 64 },
  {
    network: 'dscnn_kws_mlperftiny',
    data: 'kws01_first500.i8',
    preprocess: { scale: 0.5847029089927673, zeroPoint: 83 },
    count: 500,
  },
];

describe.skipIf(!there)(`real networks (in ${assets}${there ? '' : ', which is absent'})`, () => {
  it.each(cases)(
    '$network tells real data from noise, and agrees with itself at half the samples',
    async ({ network, data, preprocess, count }) => {
      const model = loadModel(readFileSync(join(assets, 'models', `${network}.onnx`)));
      const shape = model.input.shape.slice(1) as number[];
      const open = (limit: number) => openData(join(assets, 'data', data), { shape, preprocess, limit });
      const half = await open(count / 2);
      const noise = await noises(half, gridOf(preprocess, shape[0]!)!, 32);
      const context = { runtime: ort(), seed: 0, logger: silentLogger, onProgress() {} };
      const results = await compareDataSets(model, { half, whole: await open(count), ...noise }, context);
      const [a, b, gaussian, uniform] = results.map(({ divergence, spread }) => ({ divergence, spread }));
      expect(Math.abs(a!.divergence - b!.divergence)).toBeLessThanOrEqual(a!.spread + b!.spread);
      expect(b!.divergence + b!.spread).toBeLessThan(gaussian!.divergence - gaussian!.spread);
      expect(gaussian!.divergence + gaussian!.spread).toBeLessThan(uniform!.divergence - uniform!.spread);
    },
    600_000,
  );
});
