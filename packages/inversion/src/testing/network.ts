import {
  batchNormalization,
  conv,
  GraphBuilder,
  matMul,
  Random,
  reduceMean,
  relu,
  tensorOf,
  type Value,
} from '@datafree/core';
import type { BatchNormSite, InputGrid, Model } from '@datafree/plugin';

/** What a test network is made of. */
export interface NetworkOptions {
  /** Shape of one sample. */
  readonly shape?: readonly number[];
  /** Output channels of its convolutions, each followed by BatchNormalization and Relu. */
  readonly widths?: readonly number[];
  readonly classes?: number;
  readonly grid?: InputGrid;
  readonly seed?: number;
  /** Running statistics of a layer; drawn at random when absent. */
  readonly statistics?: (channels: number, layer: number) => { mean: Float32Array; variance: Float32Array };
}

/** A small convolutional network with random weights: convolutions of kernel 3, mean over positions, one product. */
export function network(options: NetworkOptions = {}): Model {
  const { shape = [3, 8, 8], widths = [6, 5], classes = 4, seed = 1, grid } = options;
  const random = new Random(seed);
  const b = new GraphBuilder({ name: 'network' });
  const [channels = 1, ...size] = shape;
  const samples = 2;
  let x: Value = b.input('input', 'float32', [samples, ...shape]);
  let from = channels;
  const sites: BatchNormSite[] = [];
  widths.forEach((width, layer) => {
    const kernel = size.map(() => 3);
    const area = 3 ** size.length;
    const weight = tensorOf(
      'float32',
      [width, from, ...kernel],
      random.normals(width * from * area, 0, (from * area) ** -0.5),
    );
    const pads = [...size, ...size].map(() => 1);
    const y = conv(b, x, b.constant(weight, `weight${layer}`), undefined, { pads });
    const statistics = options.statistics?.(width, layer) ?? {
      mean: random.normals(width, 0, 0.3),
      variance: random.uniforms(width, 0.3, 1.5),
    };
    const vector = (values: Float32Array, name: string) =>
      b.constant(tensorOf('float32', [width], values), `${name}${layer}`);
    const scale = random.uniforms(width, 0.5, 1.5);
    const shift = random.normals(width, 0, 0.3);
    const normal = batchNormalization(b, y, {
      scale: vector(scale, 'scale'),
      shift: vector(shift, 'shift'),
      mean: vector(statistics.mean, 'mean'),
      variance: vector(statistics.variance, 'variance'),
    });
    sites.push({
      node: b.applications.at(-1)!.node.name,
      tensor: y.name,
      channels: width,
      ...statistics,
      scale,
      shift,
      epsilon: 1e-5,
    });
    x = relu(b, normal);
    from = width;
  });
  const pooled =
    size.length === 0
      ? x
      : reduceMean(
          b,
          x,
          size.map((_, axis) => axis + 2),
        );
  const last = tensorOf('float32', [from, classes], random.normals(from * classes, 0, 1));
  b.output(matMul(b, pooled, b.constant(last, 'last')), 'logits');
  const graph = b.build();
  const free = (dims: readonly (number | string)[]) => ['N', ...dims.slice(1)];
  const [input] = graph.inputs.map((info) => ({ ...info, shape: free(info.shape) }));
  const [output] = graph.outputs.map((info) => ({ ...info, shape: free(info.shape) }));
  if (input === undefined || output === undefined) throw new Error('The network has no border.');
  return {
    graph: { ...graph, inputs: [input], outputs: [output] },
    input,
    output,
    batchNorms: sites,
    hash: `network-${seed}`,
    ...(grid && { grid }),
  };
}

/** The grid of pixels that a network takes as (pixel / 255 − ½) · 4. */
export const pixels: InputGrid = { scale: [4 / 255], offset: [-2], low: 0, high: 255, whole: true };

/** The network behind something that is done to its input. */
export function throughMask(model: Model, write: (b: GraphBuilder, x: Value) => Value): Model {
  const shape = [2, ...(model.input.shape.slice(1) as number[])];
  const b = new GraphBuilder({ name: model.graph.name });
  const masked = write(b, b.input('unmasked', 'float32', shape));
  const find = b.inline(model.graph, { [model.input.name]: masked });
  b.output(find(model.output.name), model.output.name);
  const graph = b.build();
  const input = { ...model.input, name: 'unmasked' };
  return { ...model, graph: { ...graph, inputs: [input], outputs: [model.output] }, input, hash: 'masked' };
}
