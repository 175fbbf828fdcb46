import {
  batchNormalization,
  conv,
  flatten,
  GraphBuilder,
  gemm,
  globalAveragePool,
  Random,
  relu,
  tensorOf,
  type Value,
} from '@datafree/core';
import { encodeModel } from '@datafree/onnx';
import type { Graph, Node, Tensor } from '@datafree/plugin';

/** Shape of one sample of {@link network}. */
export const sampleShape = [3, 8, 8] as const;

/** A small network with random weights: three convolutions with BatchNormalization and Relu, five classes. */
export function network({
  seed = 1,
  batchNorm = true,
  batch = 'N' as string | number,
  weights = 'weight',
} = {}): Graph {
  const random = new Random(seed);
  const b = new GraphBuilder({ name: 'small' });
  let x: Value = b.input('input', 'float32', [2, ...sampleShape]);
  let channels = sampleShape[0] as number;
  [8, 8, 16].forEach((width, layer) => {
    const area = channels * 9;
    const vector = (name: string, values: Float32Array): Value =>
      b.constant(tensorOf('float32', [width], values), `${name}${layer}`);
    const values = random.normals(width * area, 0, Math.sqrt(2 / area));
    const weight = b.constant(tensorOf('float32', [width, channels, 3, 3], values), `${weights}${layer}`);
    const options = { pads: [1, 1, 1, 1], strides: layer === 2 ? [2, 2] : [1, 1] };
    const bias = batchNorm ? undefined : vector('bias', random.normals(width, 0, 0.1));
    x = conv(b, x, weight, bias, options);
    if (batchNorm) {
      x = batchNormalization(b, x, {
        scale: vector('scale', random.uniforms(width, 0.8, 1.2)),
        shift: vector('shift', random.normals(width, 0, 0.2)),
        mean: vector('mean', random.normals(width, 0, 0.2)),
        variance: vector('variance', random.uniforms(width, 0.5, 1.5)),
      });
    }
    x = relu(b, x);
    channels = width;
  });
  const pooled = flatten(b, globalAveragePool(b, x));
  const weight = b.constant(tensorOf('float32', [5, channels], random.normals(5 * channels)), 'classifier');
  b.output(gemm(b, pooled, weight, undefined, { transB: true }), 'logits');
  const graph = b.build();
  const free = (values: Graph['inputs']) => values.map((info) => ({ ...info, shape: [batch, ...info.shape.slice(1)] }));
  return { ...graph, inputs: free(graph.inputs), outputs: free(graph.outputs) };
}

/** A network whose weight or parameter of a name has another first value. */
export function withValue(graph: Graph, name: string, value: number): Graph {
  const tensor = graph.initializers.get(name) as Tensor<'float32'>;
  const data = tensor.data.slice();
  data[0] = value;
  return { ...graph, initializers: new Map([...graph.initializers, [name, { ...tensor, data }]]) };
}

/** A network whose Relus are another operator. */
export function withOperator(graph: Graph, change: Partial<Node>): Graph {
  return { ...graph, nodes: graph.nodes.map((node) => (node.op === 'Relu' ? { ...node, ...change } : node)) };
}

/** A network whose output has another name. */
export function withOutput(graph: Graph, name: string): Graph {
  const [output] = graph.outputs as [Graph['outputs'][number]];
  const nodes = graph.nodes.map((node) => ({
    ...node,
    outputs: node.outputs.map((own) => (own === output.name ? name : own)),
  }));
  return { ...graph, nodes, outputs: [{ ...output, name }] };
}

/** A network that also adds a second input. */
export function withSecondInput(graph: Graph): Graph {
  const [input] = graph.inputs as [Graph['inputs'][number]];
  const second = { ...input, name: 'second' };
  const sum: Node = {
    op: 'Add',
    domain: '',
    name: 'sum',
    inputs: [input.name, second.name],
    outputs: ['summed'],
    attributes: {},
  };
  const nodes = graph.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map((name) => (name === input.name ? 'summed' : name)),
  }));
  return { ...graph, inputs: [input, second], nodes: [sum, ...nodes] };
}

/** The file of a network that also has weights in a side file. */
export function withSideFile(graph: Graph, location: string): Uint8Array {
  // Protobuf joins messages that stand one after the other: this adds an initializer to the graph.
  const field = (number: number, content: readonly number[]): number[] => [8 * number + 2, content.length, ...content];
  const text = (number: number, value: string): number[] => field(number, [...new TextEncoder().encode(value)]);
  const entry = field(13, [...text(1, 'location'), ...text(2, location)]);
  const tensor = [0x08, 4, 0x10, 1, ...text(8, 'beside'), ...entry, 0x70, 1];
  return Uint8Array.from([...encodeModel(graph), ...field(7, field(5, tensor))]);
}
