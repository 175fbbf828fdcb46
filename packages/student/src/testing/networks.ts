import {
  batchNormalization,
  ChannelMoments,
  conv,
  GraphBuilder,
  gemm,
  globalAveragePool,
  numbersOf,
  Random,
  relu,
  reshape,
  tensorOf,
  type Value,
} from '@datafree/core';
import { memorySamples } from '@datafree/data';
import { encodeModel, loadModel } from '@datafree/onnx';
import type { Context, Graph, Model, Quantized, SampleSet, Tensor } from '@datafree/plugin';
import { silentLogger } from '@datafree/plugin';
import { type QuantizerOptions, quantizer } from '@datafree/quantizer';
import { ort } from '@datafree/runtime-ort';

const shape = [2, 8, 8];

/** A small network of two convolutions and a classifier, with random weights. */
export function network(seed = 3): Model {
  const random = new Random(seed);
  const b = new GraphBuilder({ name: 'network' });
  let x = b.input('input', 'float32', [1, ...shape]);
  let from = 2;
  for (const [i, width] of [8, 8].entries()) {
    const weight = tensorOf('float32', [width, from, 3, 3], random.normals(width * from * 9, 0, (from * 4.5) ** -0.5));
    const bias = tensorOf('float32', [width], random.normals(width, 0, 0.2));
    x = relu(b, conv(b, x, b.constant(weight, `weight${i}`), b.constant(bias, `bias${i}`), { pads: [1, 1, 1, 1] }));
    from = width;
  }
  const pooled = reshape(b, globalAveragePool(b, x), [1, from]);
  const dense = tensorOf('float32', [5, from], random.normals(5 * from));
  b.output(gemm(b, pooled, b.constant(dense, 'dense'), undefined, { transB: true }), 'logits');
  return loadModel(encodeModel(b.build()), { requireBatchNorm: false });
}

/** A network with BatchNormalizations whose moments are those of noise; gammas have both signs, and one is all but 0. */
export function normalized(seed = 3): Model {
  const random = new Random(seed);
  const b = new GraphBuilder({ name: 'normalized' });
  let x = b.input('input', 'float32', [1, ...shape]);
  let from = 2;
  // Written a second time on noise, where all is constant and folded at once.
  const probe = new GraphBuilder();
  let seen = probe.constant(tensorOf('float32', [64, ...shape], new Random(8).normals(64 * 128)));
  for (const [i, width] of [8, 8].entries()) {
    const weight = tensorOf('float32', [width, from, 3, 3], random.normals(width * from * 9, 0, (from * 4.5) ** -0.5));
    const bias = tensorOf('float32', [width], random.normals(width, 0, 0.2));
    const convolved = (own: GraphBuilder, input: Value) =>
      conv(own, input, own.constant(weight, `weight${i}`), own.constant(bias, `bias${i}`), { pads: [1, 1, 1, 1] });
    const sums = convolved(probe, seen);
    const moments = new ChannelMoments(width);
    moments.add(numbersOf(probe.constantOf(sums) as Tensor), 64);
    const gamma = random.normals(width, 0.8, 0.5);
    gamma[width - 1] = 1e-20;
    const parameters = {
      gamma,
      beta: random.normals(width, 0.2, 0.3),
      mean: moments.mean(),
      variance: moments.variance(),
    };
    const normalised = (own: GraphBuilder, input: Value) => {
      const [scale, shift, mean, variance] = Object.entries(parameters).map(([name, values]) =>
        own.constant(tensorOf('float32', [width], values), `${name}${i}`),
      ) as [Value, Value, Value, Value];
      return relu(own, batchNormalization(own, input, { scale, shift, mean, variance }));
    };
    seen = normalised(probe, sums);
    x = normalised(b, convolved(b, x));
    from = width;
  }
  const pooled = reshape(b, globalAveragePool(b, x), [1, from]);
  const dense = tensorOf('float32', [5, from], random.normals(5 * from));
  b.output(gemm(b, pooled, b.constant(dense, 'dense'), undefined, { transB: true }), 'logits');
  return loadModel(encodeModel(b.build()));
}

/** Normal noise as samples. */
export function noise(count: number, seed = 5): SampleSet {
  return memorySamples({ shape, data: new Random(seed).normals(count * 128) });
}

/** The network at few bits. */
export function quantize(
  model: Model,
  bits: number,
  samples = noise(64),
  options: QuantizerOptions = {},
): Promise<Quantized> {
  return quantizer({ weights: bits, activations: bits, ...options }).quantize(model, samples, context());
}

export function context(own: Partial<Context> = {}): Context {
  return { runtime: ort({ threads: 1 }), seed: 1, logger: silentLogger, onProgress() {}, ...own };
}

/** How far the classes of the quantised network are from the network's: mean KL divergence over samples. */
export async function divergence(model: Model, quantized: Quantized, samples = noise(256, 9)): Promise<number> {
  const { runtime } = context();
  const classes = async (graph: Graph) => {
    const session = await runtime.compile(graph);
    const rows: number[][] = [];
    for await (const { data } of samples.batches(64)) {
      const logits = (await session.run({ [model.input.name]: data }))[model.output.name]!.data as Float32Array;
      for (let i = 0; i < logits.length; i += 5) rows.push(softmax(logits.subarray(i, i + 5)));
    }
    await session.dispose();
    return rows;
  };
  const [wanted, own] = [await classes(model.graph), await classes(quantized.graph)];
  const each = wanted.map((row, n) => row.reduce((sum, p, k) => sum + p * Math.log(p / own[n]![k]!), 0));
  return each.reduce((sum, value) => sum + value, 0) / each.length;
}

function softmax(logits: Float32Array): number[] {
  const weights = Array.from(logits, Math.exp);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
