import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import {
  add,
  differentiate,
  exp,
  GraphBuilder,
  log,
  mul,
  oneHot,
  reduceMax,
  reduceSum,
  sub,
  tensorOf,
  type Value,
} from '@datafree/core';
import { batchNormStatistics, type TermScope } from '@datafree/inversion';
import { loadModel } from '@datafree/onnx';
import type { CompileOptions, Model, Tensor, Tensors } from '@datafree/plugin';
import { ort } from '@datafree/runtime-ort';
import { describe, expect, it } from 'vitest';

const assets = process.env.DATAFREE_ASSETS ?? fileURLToPath(new URL('../../../shared/assets', import.meta.url));
const here = existsSync(join(assets, 'manifest.json'));
if (!here) console.warn(`Skipped: no networks at ${assets}. Set DATAFREE_ASSETS to compare with PyTorch on them.`);

/** Norm of a gradient, and its elements 0, stride, 2 · stride, … */
interface Summary {
  readonly norm: number;
  readonly stride: number;
  readonly values: readonly number[];
}

interface Golden {
  readonly model: string;
  /** Of the file of the network. */
  readonly sha256: string;
  readonly data: string;
  /** Places of the samples in the data. */
  readonly samples: readonly number[];
  /** Side of the square in the middle of each. */
  readonly side: number;
  readonly statistics: { readonly loss: number; readonly byInput: Summary };
  readonly crossEntropy: { readonly loss: number; readonly byWeights: Readonly<Record<string, Summary>> };
}

const runtime = ort({ threads: 2 });

/** As any graph, and as a step of an optimisation: on the blocked layout, where the processor has its kernels. */
const compilations = { 'as any graph': {}, 'as a step': { step: true } };

const networks = ['resnet20_cifar10', 'mobilenetv1_025_224_imagenet'];
const cases = networks.flatMap((name) =>
  Object.entries(compilations).map(([how, compilation]) => [name, how, compilation] as const),
);

describe.each(cases)('PyTorch and the engine agree on %s, compiled %s', (name, _, compilation) => {
  const golden = JSON.parse(readFileSync(new URL(`generated/${name}.json`, import.meta.url), 'utf8')) as Golden;

  it.skipIf(!here)('BN statistics loss and its gradient to the input', { timeout: 120_000 }, async () => {
    const { model, x } = load(golden);
    const b = new GraphBuilder({ name: 'statistics' });
    const input = b.input(model.input.name, 'float32', x.dims);
    const wanted = model.batchNorms.map((site) => site.tensor);
    const network = b.inline(model.graph, { [model.input.name]: input }, { wanted });
    const term = batchNormStatistics({ divergence: 'kl', granularity: 'batch', varianceFloor: 1e-8 });
    const loss = term.write({ builder: b, model, network } as unknown as TermScope);
    b.output(loss, 'loss');
    b.output(differentiate(b, loss, [input])[0]!, 'gradient');
    const outputs = await run(b, { [model.input.name]: x }, compilation);
    expectNear(outputs.loss!, golden.statistics.loss);
    const pairs = [[outputs.gradient!, golden.statistics.byInput] as const];
    expectAgreement(pairs);
  });

  it.skipIf(!here)('cross-entropy and its gradient to every weight', { timeout: 120_000 }, async () => {
    const { model, x } = load(golden);
    const b = new GraphBuilder({ name: 'cross-entropy' });
    const input = b.input(model.input.name, 'float32', x.dims);
    const names = Object.keys(golden.crossEntropy.byWeights);
    const weights = new Map(names.map((weight) => [weight, model.graph.initializers.get(weight)!]));
    const trained = new Map([...weights].map(([weight, { dims }]) => [weight, b.input(weight, 'float32', dims)]));
    const network = b.inline(model.graph, { [model.input.name]: input }, { replace: trained });
    const loss = crossEntropy(b, network(model.output.name));
    b.output(loss, 'loss');
    differentiate(b, loss, [...trained.values()]).forEach((gradient, i) => {
      b.output(gradient, `d ${names[i]}`);
    });
    const outputs = await run(b, { [model.input.name]: x, ...Object.fromEntries(weights) }, compilation);
    expectNear(outputs.loss!, golden.crossEntropy.loss);
    const expected = Object.entries(golden.crossEntropy.byWeights);
    expectAgreement(expected.map(([weight, summary]) => [outputs[`d ${weight}`]!, summary] as const));
  });
});

/** Losses: 1e-5 relative. */
function expectNear(loss: Tensor, expected: number): void {
  expect(Math.abs((loss.data[0] as number) - expected) / expected).toBeLessThan(1e-5);
}

/** Gradients: norm and sampled elements 1e-3 relative, tensor by tensor; over all of them a cosine above 0.99999. */
function expectAgreement(pairs: readonly (readonly [Tensor, Summary])[]): void {
  let product = 0;
  let own = 0;
  let other = 0;
  for (const [{ data }, { norm, stride, values }] of pairs) {
    const gradient = data as Float32Array;
    expect(Math.abs(Math.sqrt(gradient.reduce((sum, v) => sum + v * v, 0)) - norm) / norm).toBeLessThan(1e-3);
    const sampled = values.map((_, i) => gradient[i * stride] as number);
    const difference = Math.hypot(...sampled.map((v, i) => v - values[i]!));
    // Where the sampled elements happen to be small, what counts is a typical element.
    const typical = norm * Math.sqrt(values.length / gradient.length);
    expect(difference / Math.max(Math.hypot(...values), typical)).toBeLessThan(1e-3);
    sampled.forEach((v, i) => {
      product += v * values[i]!;
      own += v * v;
      other += values[i]! ** 2;
    });
  }
  expect(product / Math.sqrt(own * other)).toBeGreaterThan(0.99999);
}

async function run(b: GraphBuilder, feeds: Tensors, compilation: CompileOptions): Promise<Tensors> {
  const session = await runtime.compile(b.build(), compilation);
  try {
    return await session.run(feeds);
  } finally {
    await session.dispose();
  }
}

/** The mean over samples of `log Σ exp z − z[class]`; sample n is of class n. */
function crossEntropy(b: GraphBuilder, logits: Value): Value {
  const [samples, classes] = logits.shape as [number, number];
  const labels = b.constant(
    tensorOf(
      'int64',
      [samples],
      Array.from({ length: samples }, (_, n) => n % classes),
    ),
  );
  const top = reduceMax(b, logits, [1], true);
  const sum = add(b, top, log(b, reduceSum(b, exp(b, sub(b, logits, top)), [1], true)));
  const chosen = reduceSum(b, mul(b, logits, oneHot(b, labels, classes)), [1], true);
  return mul(b, reduceSum(b, sub(b, sum, chosen)), 1 / samples);
}

interface ManifestEntry {
  readonly file: string;
  readonly shape: readonly number[];
  readonly preprocess: { scale: number; offset?: number; mean?: readonly number[]; std?: readonly number[] };
}

/** The model and samples of its data, as the network takes them. */
function load({ model: file, sha256, data: dataFile, samples, side }: Golden): { model: Model; x: Tensor<'float32'> } {
  const manifest = JSON.parse(readFileSync(join(assets, 'manifest.json'), 'utf8')) as Record<string, ManifestEntry[]>;
  const { preprocess } = manifest.models!.find((entry) => entry.file === file)!;
  const [height, width, channels] = manifest.data!.find((entry) => entry.file === dataFile)!.shape as [
    number,
    number,
    number,
  ];
  const [top, left] = [(height - side) >> 1, (width - side) >> 1];
  const bytes = readFileSync(join(assets, dataFile));
  const pixels = dataFile.endsWith('.gz') ? gunzipSync(bytes) : bytes;
  const { scale, offset = 0, mean, std } = preprocess;
  const x = samples.flatMap((n) =>
    Array.from({ length: channels * side * side }, (_, i) => {
      const c = Math.floor(i / (side * side));
      const row = top + (Math.floor(i / side) % side);
      const column = left + (i % side);
      const pixel = pixels[((n * height + row) * width + column) * channels + c]!;
      return (pixel * scale + offset - (mean?.[c] ?? 0)) / (std?.[c] ?? 1);
    }),
  );
  const model = loadModel(readFileSync(join(assets, file)));
  expect(model.hash, `${file} is another file than that of the golden gradients`).toBe(sha256);
  return {
    model,
    x: tensorOf('float32', [samples.length, channels, side, side], x),
  };
}
