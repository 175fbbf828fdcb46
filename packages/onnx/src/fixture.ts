import { create, toBinary } from '@bufbuild/protobuf';
import { attribute, elementCount, Random, tensorOf } from '@datafree/core';
import type { Attribute, Dim, Graph, Node, Tensor, Tensors } from '@datafree/plugin';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { encodeModel } from './encode/model.ts';
import { type ModelProto, ModelProtoSchema } from './proto/generated/onnx_pb.ts';

/** Attributes by plain values: a whole number is an int, another a float, a text a string. */
type Plain = Readonly<Record<string, number | string | readonly number[] | Attribute>>;

/** A node for a test. */
export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Plain = {},
  name = outputs[0],
): Node {
  const tagged = Object.entries(attributes).map(([key, value]): [string, Attribute] => {
    if (typeof value === 'number')
      return [key, Number.isInteger(value) ? attribute.int(value) : attribute.float(value)];
    if (typeof value === 'string') return [key, attribute.string(value)];
    return [key, 'type' in value ? value : attribute.ints(value)];
  });
  return { op, domain: '', name: name ?? '', inputs, outputs, attributes: Object.fromEntries(tagged) };
}

/** What {@link graph} is made from. */
export interface GraphParts {
  readonly input?: readonly Dim[];
  readonly nodes: readonly Node[];
  readonly output?: { readonly name: string; readonly shape: readonly Dim[] };
  readonly initializers?: Readonly<Record<string, Tensor>>;
  readonly opset?: number;
}

/** A graph from input "x" to output "y" for a test. */
export function graph({ input = ['N', 3, 8, 8], nodes, output, initializers = {}, opset = 21 }: GraphParts): Graph {
  return {
    name: 'test',
    opset: { '': opset },
    inputs: [{ name: 'x', dtype: 'float32', shape: input }],
    outputs: [{ name: output?.name ?? 'y', dtype: 'float32', shape: output?.shape ?? ['...'] }],
    initializers: new Map(Object.entries(initializers)),
    nodes,
    metadata: new Map(),
  };
}

/** Normally distributed float32 values. */
export function normal(dims: readonly number[], seed = 1, deviation = 1): Tensor<'float32'> {
  return { dtype: 'float32', dims, data: new Random(seed).normals(elementCount(dims), 0, deviation) };
}

/** Positive float32 values around 1. */
function positive(dims: readonly number[], seed = 1): Tensor<'float32'> {
  const { data } = normal(dims, seed);
  return { dtype: 'float32', dims, data: data.map((value) => 0.5 + Math.abs(value)) };
}

/** A float32 tensor. */
export function floats(dims: readonly number[], values: readonly number[]): Tensor<'float32'> {
  return tensorOf('float32', dims, values);
}

/** Parameters of a BatchNormalization, named "<name>.scale" and so on. */
export function batchNormParameters(name: string, channels: number, seed = 1): Record<string, Tensor> {
  return {
    [`${name}.scale`]: positive([channels], seed),
    [`${name}.shift`]: normal([channels], seed + 1),
    [`${name}.mean`]: normal([channels], seed + 2),
    [`${name}.variance`]: positive([channels], seed + 3),
  };
}

/** A BatchNormalization with {@link batchNormParameters}. */
export function batchNorm(name: string, x: string, y: string, attributes: Plain = {}): Node {
  const parameters = ['scale', 'shift', 'mean', 'variance'].map((parameter) => `${name}.${parameter}`);
  return node('BatchNormalization', [x, ...parameters], [y], attributes, name);
}

/** A file written field by field, for what {@link encodeModel} never writes. */
export function protoModel(init: Parameters<typeof create<typeof ModelProtoSchema>>[1]): Uint8Array {
  const model: ModelProto = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: '', version: 17n }],
    ...(init as object),
  });
  return toBinary(ModelProtoSchema, model);
}

/** Runs a file or graph with onnxruntime, which reads every opset itself. */
export async function runOrt(model: Graph | Uint8Array, feeds: Tensors): Promise<Record<string, Tensor>> {
  const bytes = model instanceof Uint8Array ? model : encodeModel(model);
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 4, intraOpNumThreads: 1 });
  const values = Object.entries(feeds).map(([name, { dtype, dims, data }]) => [
    name,
    new OrtTensor(dtype as 'float32', data as Float32Array, dims),
  ]);
  try {
    const results = Object.entries(await session.run(Object.fromEntries(values)));
    return Object.fromEntries(
      results.map(([name, { type, dims, data }]) => [name, { dtype: type, dims, data } as unknown as Tensor]),
    );
  } finally {
    await session.release();
  }
}

/** The largest difference between two tensors of the same shape; NaN for another shape or nothing. */
export function difference(a: Tensor | undefined, b: Tensor | undefined): number {
  if (a === undefined || b === undefined || String(a.dims) !== String(b.dims)) return Number.NaN;
  const [left, right] = [a.data as Float32Array, b.data as Float32Array];
  let largest = 0;
  for (let i = 0; i < left.length; i++)
    largest = Math.max(largest, Math.abs((left[i] as number) - (right[i] as number)));
  return largest;
}

/** The code of the datafree error that `work` throws. */
export function codeOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return undefined;
}
