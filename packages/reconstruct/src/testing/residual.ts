import {
  add,
  bind,
  conv,
  flatten,
  GraphBuilder,
  gemm,
  globalAveragePool,
  maxPool,
  Random,
  relu,
  tensorOf,
  type Value,
} from '@datafree/core';
import { prepareModel } from '@datafree/onnx';
import type { Context, Graph, Model, Quantized, SampleSet, Tensor } from '@datafree/plugin';
import { silentLogger } from '@datafree/plugin';
import { type QuantizerOptions, quantizer } from '@datafree/quantizer';
import { ort } from '@datafree/runtime-ort';
import { smallNetworkSamples } from '@datafree/testkit';

const shape = [3, 8, 8];

/**
 * A stem, two residual blocks with a pool between them, and a classifier; random weights.
 *
 * @param last what follows the pool: a residual block, or a layer after the other
 */
export function residualNetwork(seed = 3, last: 'block' | 'chain' = 'block'): Model {
  const random = new Random(seed);
  const b = new GraphBuilder({ name: 'residual' });
  const convolution = (x: Value, name: string, width: number): Value => {
    const from = x.shape[1] as number;
    const weight = random.normals(width * from * 9, 0, (from * 4.5) ** -0.5);
    return conv(
      b,
      x,
      b.constant(tensorOf('float32', [width, from, 3, 3], weight), `${name}.weight`),
      b.constant(tensorOf('float32', [width], random.normals(width, 0, 0.1)), `${name}.bias`),
      { pads: [1, 1, 1, 1] },
    );
  };
  const block = (x: Value, name: string): Value => {
    const inner = relu(b, convolution(x, `${name}.first`, 8));
    return relu(b, add(b, convolution(inner, `${name}.second`, 8), x));
  };
  const input = b.input('input', 'float32', [2, ...shape]);
  const stem = relu(b, convolution(input, 'stem', 8));
  const first = block(stem, 'one');
  const pooled = maxPool(b, first, { kernel: [2, 2], strides: [2, 2] });
  const chain = (x: Value) => ['two', 'three'].reduce((value, name) => relu(b, convolution(value, name, 8)), x);
  const second = last === 'block' ? block(pooled, 'two') : chain(pooled);
  const dense = tensorOf('float32', [5, 8], random.normals(40));
  b.output(
    gemm(b, flatten(b, globalAveragePool(b, second)), b.constant(dense, 'dense'), undefined, { transB: true }),
    'logits',
  );
  return prepareModel(b.build(), { requireBatchNorm: false });
}

/**
 * Smooth images as samples. On noise, whose values know nothing of each other, rounding to nearest is the best there is.
 */
export function images(count: number, seed = 5): SampleSet {
  return smallNetworkSamples(count, { seed });
}

export function context(own: Partial<Context> = {}): Context {
  return { runtime: ort({ threads: 1 }), seed: 1, logger: silentLogger, onProgress() {}, ...own };
}

/** The network at few bits. */
export function quantize(model: Model, bits: number, own: QuantizerOptions = {}): Promise<Quantized> {
  return quantizer({ weights: bits, activations: bits, ...own }).quantize(model, images(64), context());
}

/** Values of a graph on samples, by name. */
export async function valuesOn(graph: Graph, names: readonly string[], samples: SampleSet): Promise<Tensor[]> {
  const free = graph.inputs[0]?.shape[0];
  const sizes = typeof free === 'string' ? { [free]: samples.count } : {};
  const session = await context().runtime.compile(bind(graph, sizes, { keep: names }));
  try {
    for await (const { data } of samples.batches(samples.count)) {
      const values = await session.run({ input: data });
      return names.map((name) => values[name] as Tensor);
    }
    return [];
  } finally {
    await session.dispose();
  }
}

/** Mean squared difference of a value of two graphs on samples. */
export async function distance(name: string, one: Graph, other: Graph, samples: SampleSet): Promise<number> {
  const [[left], [right]] = await Promise.all([valuesOn(one, [name], samples), valuesOn(other, [name], samples)]);
  const [a, b] = [left!.data as Float32Array, right!.data as Float32Array];
  return a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.length;
}
