import { attribute, elementCount, float32Of, Random } from '@datafree/core';
import { prepareModel } from '@datafree/onnx';
import type { Attribute, Context, Dim, Graph, Model, Node, Runtime, SampleSet, Tensor } from '@datafree/plugin';
import { silentLogger } from '@datafree/plugin';

type Plain = Readonly<Record<string, number | string | readonly number[] | Attribute>>;

/** Writes small networks with a free batch axis for tests: input "x", random weights from a seed. */
export class Network {
  readonly #random: Random;
  readonly #nodes: Node[] = [];
  readonly #initializers = new Map<string, Tensor>();
  readonly #shape: readonly number[];

  constructor(shape: readonly number[], seed = 1) {
    this.#shape = shape;
    this.#random = new Random(seed);
  }

  /** Adds a node; it is named as its output. */
  op(op: string, inputs: readonly string[], output: string, attributes: Plain = {}): string {
    return this.ops(op, inputs, [output], attributes)[0] as string;
  }

  /** Adds a node of several outputs; it is named as the first. */
  ops(op: string, inputs: readonly string[], outputs: readonly string[], attributes: Plain = {}): readonly string[] {
    const tagged = Object.entries(attributes).map(([key, value]): [string, Attribute] => {
      if (typeof value === 'number')
        return [key, Number.isInteger(value) ? attribute.int(value) : attribute.float(value)];
      if (typeof value === 'string') return [key, attribute.string(value)];
      return [key, 'type' in value ? value : attribute.ints(value)];
    });
    this.#nodes.push({
      op,
      domain: '',
      name: outputs[0] as string,
      inputs,
      outputs,
      attributes: Object.fromEntries(tagged),
    });
    return outputs;
  }

  /** Adds an initializer. */
  constant(name: string, tensor: Tensor): string {
    this.#initializers.set(name, tensor);
    return name;
  }

  /** Adds a normally distributed initializer. */
  weights(name: string, dims: readonly number[], deviation = 1): string {
    const data = float32Of({ dtype: 'float32', dims, data: this.#random.normals(elementCount(dims), 0, deviation) });
    return this.constant(name, { dtype: 'float32', dims, data });
  }

  /** A 3×3 (or 1×1) convolution with a bias that keeps the size at stride 1. */
  conv(
    x: string,
    [from, to]: readonly [number, number],
    output: string,
    { kernel = 3, stride = 1, group = 1 } = {},
  ): string {
    const fan = (from / group) * kernel * kernel;
    const weight = this.weights(`${output}.w`, [to, from / group, kernel, kernel], Math.sqrt(2 / fan));
    const bias = this.weights(`${output}.b`, [to], 0.1);
    const pad = (kernel - 1) / 2;
    return this.op('Conv', [x, weight, bias], output, {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      group,
    });
  }

  /** A fully connected layer with a bias. */
  gemm(x: string, [from, to]: readonly [number, number], output: string): string {
    const weight = this.weights(`${output}.w`, [to, from], Math.sqrt(1 / from));
    return this.op('Gemm', [x, weight, this.weights(`${output}.b`, [to], 0.1)], output, { transB: 1 });
  }

  /** The graph with the given outputs. */
  graph(outputs: Readonly<Record<string, readonly Dim[]>>): Graph {
    return {
      name: 'test',
      opset: { '': 21 },
      inputs: [{ name: 'x', dtype: 'float32', shape: ['N', ...this.#shape] }],
      outputs: Object.entries(outputs).map(([name, shape]) => ({ name, dtype: 'float32', shape })),
      initializers: this.#initializers,
      nodes: this.#nodes,
      metadata: new Map(),
    };
  }

  model(outputs: Readonly<Record<string, readonly Dim[]>>): Model {
    return prepareModel(this.graph(outputs), { requireBatchNorm: false });
  }
}

/** A residual network: two convolutions with a shortcut, pooling and a classifier of 5 classes, on 3 × 8 × 8. */
export function residualNetwork(seed = 1): Model {
  const net = new Network([3, 8, 8], seed);
  const stem = net.op('Relu', [net.conv('x', [3, 8], 'stem')], 'stem_relu');
  const inner = net.op('Relu', [net.conv(stem, [8, 8], 'conv1')], 'conv1_relu');
  const sum = net.op('Add', [net.conv(inner, [8, 8], 'conv2'), stem], 'sum');
  const pooled = net.op('GlobalAveragePool', [net.op('Relu', [sum], 'sum_relu')], 'pool');
  net.gemm(net.op('Flatten', [pooled], 'flat'), [8, 5], 'logits');
  return net.model({ logits: ['N', 5] });
}

/** Samples in memory. */
export function samplesOf(data: Tensor<'float32'>): SampleSet {
  const [count, ...shape] = data.dims as [number, ...number[]];
  const size = elementCount(shape);
  return {
    shape,
    count,
    labelled: false,
    async *batches(length) {
      for (let start = 0; start < count; start += length) {
        const end = Math.min(count, start + length);
        const own = data.data.slice(start * size, end * size);
        yield { data: { dtype: 'float32', dims: [end - start, ...shape], data: own } };
      }
    },
  };
}

/** Normally distributed samples. */
export function noise(dims: readonly number[], seed = 7): Tensor<'float32'> {
  return { dtype: 'float32', dims, data: new Random(seed).normals(elementCount(dims), 0, 1) };
}

/** A context that listens to nothing. */
export function contextOf(runtime: Runtime, changes: Partial<Context> = {}): Context {
  return { runtime, seed: 0, logger: silentLogger, onProgress: () => undefined, ...changes };
}
