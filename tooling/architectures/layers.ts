import {
  add,
  averagePool,
  batchNormalization,
  clip,
  concat,
  conv,
  GraphBuilder,
  gemm,
  globalAveragePool,
  hardSigmoid,
  hardSwish,
  maxPool,
  mul,
  Random,
  relu,
  reshape,
  sigmoid,
  split,
  tensorOf,
  transpose,
  type Value,
} from '@datafree/core';
import { encodeModel } from '@datafree/onnx';

/** Options of a convolution; its padding keeps the size at stride 1. */
export interface ConvOptions {
  /** Size along all spatial axes, or along each. */
  readonly kernel?: number | readonly number[];
  readonly stride?: number;
  readonly groups?: number;
  readonly activation?: 'relu' | 'relu6' | 'hard-swish' | 'none';
}

/** What an excitation ends in. */
export type Gate = 'sigmoid' | 'hard-sigmoid';

/** Writes a network with random weights layer by layer, BatchNormalization un-folded. */
export class Network {
  readonly b = new GraphBuilder({ name: 'network' });
  readonly #random: Random;
  readonly input: Value;

  /** @param shape one sample: channels, then spatial axes */
  constructor(shape: readonly number[], seed = 1) {
    this.#random = new Random(seed);
    this.input = this.b.input('input', 'float32', [1, ...shape]);
  }

  /** Weights of He's initialisation. */
  weight(shape: readonly number[]): Value {
    const fan = shape.slice(1).reduce((product, size) => product * size, 1);
    const count = (shape[0] as number) * fan;
    return this.b.constant(tensorOf('float32', shape, this.#random.normals(count, 0, Math.sqrt(2 / fan))));
  }

  conv(x: Value, width: number, { kernel = 3, stride = 1, groups = 1 }: ConvOptions = {}): Value {
    const axes = x.shape.slice(2);
    const sizes = typeof kernel === 'number' ? axes.map(() => kernel) : kernel;
    const w = this.weight([width, (x.shape[1] as number) / groups, ...sizes]);
    const pads = [...sizes.map((size) => Math.floor((size - 1) / 2)), ...sizes.map((size) => Math.floor(size / 2))];
    return conv(this.b, x, w, undefined, { strides: axes.map(() => stride), pads, groups });
  }

  norm(x: Value): Value {
    const channels = x.shape[1] as number;
    const vector = (low: number, high: number) =>
      this.b.constant(tensorOf('float32', [channels], this.#random.uniforms(channels, low, high)));
    const parameters = {
      scale: vector(0.7, 1.3),
      shift: vector(-0.3, 0.5),
      mean: vector(-0.3, 0.3),
      variance: vector(0.5, 1.5),
    };
    return batchNormalization(this.b, x, parameters);
  }

  activate(x: Value, activation: ConvOptions['activation'] = 'relu'): Value {
    if (activation === 'relu') return relu(this.b, x);
    if (activation === 'relu6') return clip(this.b, x, 0, 6);
    return activation === 'hard-swish' ? hardSwish(this.b, x) : x;
  }

  /** Convolution, normalisation, activation. */
  unit(x: Value, width: number, options: ConvOptions = {}): Value {
    return this.activate(this.norm(this.conv(x, width, options)), options.activation);
  }

  /** A convolution of its own for each channel, normalised and activated. */
  depthwise(x: Value, options: ConvOptions = {}): Value {
    const channels = x.shape[1] as number;
    return this.unit(x, channels, { ...options, groups: channels });
  }

  add(left: Value, right: Value): Value {
    return add(this.b, left, right);
  }

  concat(...parts: readonly Value[]): Value {
    return concat(this.b, parts, 1);
  }

  maxPool(x: Value, kernel = 2, stride = 2): Value {
    const axes = x.shape.slice(2);
    const pads = [...axes, ...axes].map(() => Math.floor((kernel - 1) / 2));
    return maxPool(this.b, x, { kernel: axes.map(() => kernel), strides: axes.map(() => stride), pads });
  }

  averagePool(x: Value): Value {
    const axes = x.shape.slice(2);
    return averagePool(this.b, x, { kernel: axes.map(() => 2), strides: axes.map(() => 2) });
  }

  /** Squeeze and excitation: channels are weighted by a function of their means that ends in a gate. */
  excite(x: Value, gate: Gate): Value {
    const channels = x.shape[1] as number;
    const small = relu(this.b, this.conv(globalAveragePool(this.b, x), Math.max(2, channels / 4), { kernel: 1 }));
    const open = this.conv(small, channels, { kernel: 1 });
    return mul(this.b, x, gate === 'sigmoid' ? sigmoid(this.b, open) : hardSigmoid(this.b, open, 1 / 6, 0.5));
  }

  /** The first and the second half of the channels. */
  halves(x: Value): readonly [Value, Value] {
    const half = (x.shape[1] as number) / 2;
    const [first, second] = split(this.b, x, [half, half], 1) as [Value, Value];
    return [first, second];
  }

  /** Exchanges channels between groups. */
  shuffle(x: Value, groups: number): Value {
    const [samples, channels, ...size] = x.shape as [number, number, ...number[]];
    const apart = reshape(this.b, x, [samples, groups, channels / groups, ...size]);
    const order = [0, 2, 1, ...size.map((_, axis) => axis + 3)];
    return reshape(this.b, transpose(this.b, apart, order), x.shape);
  }

  /** Mean over positions and a linear classifier. */
  classify(x: Value, classes = 5): Uint8Array {
    const channels = x.shape[1] as number;
    const pooled = reshape(this.b, globalAveragePool(this.b, x), [1, channels]);
    return this.finish(gemm(this.b, pooled, this.weight([classes, channels]), undefined, { transB: true }));
  }

  /** The network as a file. */
  finish(...outputs: readonly Value[]): Uint8Array {
    outputs.forEach((output, i) => {
      this.b.output(output, `output${i}`);
    });
    return encodeModel(this.b.build());
  }
}
