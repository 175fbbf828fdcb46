import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runHere } from './testing/terminal.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const assets = resolve(root, process.env.DATAFREE_ASSETS ?? '../shared/assets');
const present = existsSync(join(assets, 'manifest.json'));
const model = (name: string): string => join(assets, 'models', `${name}.onnx`);
const data = (name: string): string => join(assets, 'data', name);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'datafree-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function result<T>(...args: string[]): Promise<T> {
  const outcome = await runHere([...args, '--json', '--quiet']);
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome.json<T>();
}

interface Compressed {
  bytes: number;
  fp32Bytes: number;
  fusion: { float: number; integer: number };
}
interface Evaluated {
  models: { top1: number; agreement: number; cosine: number }[];
}

const quick = ['--samples', '64', '--option', 'iterations=30'];
const cifar = [
  ...['--data', data('cifar10_test_first5000.u8'), '--labels', data('cifar10_test_first5000.labels.u8')],
  ...['--preprocess', 'imagenet', '--limit', '1000'],
];

if (!present) console.warn(`Skipped: no networks at ${assets}. Set DATAFREE_ASSETS to test on them.`);

describe.skipIf(!present)('published networks', { timeout: 300_000 }, () => {
  test('resnet20 keeps its accuracy, runs on integers, and is reproducible', async () => {
    const [first, second] = [join(folder, 'first.onnx'), join(folder, 'second.onnx')];
    const summary = await result<Compressed>('compress', model('resnet20_cifar10'), '-o', first, ...quick);
    expect(summary.fusion.float).toBe(0);
    expect(summary.bytes / summary.fp32Bytes).toBeLessThan(0.3);
    await result('compress', model('resnet20_cifar10'), '-o', second, ...quick);
    expect((await readFile(second)).equals(await readFile(first))).toBe(true);
    const { models } = await result<Evaluated>('evaluate', model('resnet20_cifar10'), first, ...cifar);
    expect(models[1]!.top1).toBeGreaterThan(models[0]!.top1 - 0.8);
    expect(models[1]!.agreement).toBeGreaterThan(97.5);
  });

  test('real data is nearer to the network than noise', async () => {
    const noise = join(folder, 'noise');
    await result('synthesize', model('resnet20_cifar10'), '-o', noise, '--method', 'gaussian', '--samples', '128');
    const found = await result<{ data: { divergence: number; spread: number }[] }>(
      ...['similarity', model('resnet20_cifar10'), data('cifar10_test_first5000.u8'), noise],
      ...['--preprocess', 'imagenet', '--limit', '128'],
    );
    const [real, random] = found.data as [(typeof found.data)[0], (typeof found.data)[0]];
    expect(real.divergence + real.spread).toBeLessThan(random.divergence - random.spread);
  });

  test('a network found in the wild: free sizes, parameters in nodes, opset 9', async () => {
    const output = join(folder, 'ocr.onnx');
    const samples = join(folder, 'ocr-samples');
    const path = model('ppocr_mobile_v2_cls_48x192');
    const shape = ['--input-shape', '3,48,192'];
    const few = ['--samples', '16', '--option', 'iterations=20'];
    await result('synthesize', path, '-o', samples, ...shape, ...few);
    await result('compress', path, '-o', output, ...shape, '--calibrate-with', samples);
    const { models } = await result<Evaluated>('evaluate', path, output, '--data', samples, ...shape);
    expect(models[1]!.cosine).toBeGreaterThan(0.95);
  });
});
