import { create, toBinary } from '@bufbuild/protobuf';
import { elementTypeCodes } from '@datafree/core';
import { type Attribute, checkGiven, type Graph, type Node, type ValueInfo } from '@datafree/plugin';
import { tooLarge } from '../decode/envelope.ts';
import { maxModelBytes } from '../limits.ts';
import { domainsOf } from '../passes/domains.ts';
import {
  type AttributeProto,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  AttributeProto_AttributeType as Type,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from '../proto/generated/onnx_pb.ts';
import { hasUnknownRank } from '../rank.ts';
import { contentBytes, encodeTensor } from './tensor.ts';

/**
 * Writes a graph as an ONNX file in the opset it is in. The same graph gives the same bytes.
 *
 * @throws `model-too-large` over 2 GB; `option-invalid` for something else than a graph, a model say
 */
export function encodeModel(graph: Graph): Uint8Array {
  checkGiven('encodeModel', { graph });
  const weights = weightBytes(graph);
  if (weights > maxModelBytes) throw tooLarge(weights);
  const opset: Record<string, number> = {
    ...Object.fromEntries(domainsOf(graph).map((domain) => [domain, 1])),
    ...graph.opset,
  };
  const model = create(ModelProtoSchema, {
    irVersion: BigInt(irVersionFor(opset[''] ?? 1)),
    producerName: 'datafree',
    opsetImport: Object.entries(opset).map(([domain, version]) => ({ domain, version: BigInt(version) })),
    graph: encodeGraph(graph),
    metadataProps: [...graph.metadata].map(([key, value]) => ({ key, value })),
  });
  const bytes = toBinary(ModelProtoSchema, model);
  if (bytes.length > maxModelBytes) throw tooLarge(bytes.length);
  return bytes;
}

/** The version of the file format that came with an opset: old programs read files of old opsets. */
function irVersionFor(opset: number): number {
  const since: readonly (readonly [opset: number, ir: number])[] = [
    [21, 10],
    [19, 9],
    [15, 8],
    [12, 7],
    [11, 6],
    [10, 5],
  ];
  return since.find(([first]) => opset >= first)?.[1] ?? 4;
}

function weightBytes(graph: Graph): number {
  let total = 0;
  for (const tensor of graph.initializers.values()) total += contentBytes(tensor);
  return total;
}

function encodeGraph(graph: Graph): GraphProto {
  return create(GraphProtoSchema, {
    name: graph.name || 'graph',
    node: graph.nodes.map(encodeNode),
    initializer: [...graph.initializers].map(([name, tensor]) => encodeTensor(tensor, name)),
    input: graph.inputs.map(encodeValueInfo),
    output: graph.outputs.map(encodeValueInfo),
  });
}

function encodeNode(node: Node): NodeProto {
  const { op, domain, name } = node;
  return create(NodeProtoSchema, {
    opType: op,
    name,
    ...(domain === '' ? {} : { domain }),
    input: trimmed(node.inputs),
    output: trimmed(node.outputs),
    attribute: Object.entries(node.attributes).map(([key, attribute]) => encodeAttribute(key, attribute)),
  });
}

function trimmed(names: readonly string[]): string[] {
  let end = names.length;
  while (end > 0 && names[end - 1] === '') end--;
  return names.slice(0, end);
}

function encodeAttribute(name: string, attribute: Attribute): AttributeProto {
  const text = new TextEncoder();
  const content = (): Parameters<typeof create<typeof AttributeProtoSchema>>[1] => {
    switch (attribute.type) {
      case 'int':
        return { type: Type.INT, i: BigInt(attribute.value) };
      case 'float':
        return { type: Type.FLOAT, f: attribute.value };
      case 'string':
        return { type: Type.STRING, s: text.encode(attribute.value) };
      case 'ints':
        return { type: Type.INTS, ints: attribute.value.map(BigInt) };
      case 'floats':
        return { type: Type.FLOATS, floats: [...attribute.value] };
      case 'strings':
        return { type: Type.STRINGS, strings: attribute.value.map((value) => text.encode(value)) };
      case 'tensor':
        return { type: Type.TENSOR, t: encodeTensor(attribute.value) };
      case 'graph':
        return { type: Type.GRAPH, g: encodeGraph(attribute.value) };
    }
  };
  return create(AttributeProtoSchema, { name, ...content() });
}

function encodeValueInfo({ name, dtype, shape }: ValueInfo): ValueInfoProto {
  const dim = shape.map((size) => ({
    value:
      typeof size === 'number'
        ? ({ case: 'dimValue', value: BigInt(size) } as const)
        : ({ case: 'dimParam', value: size } as const),
  }));
  const value = { elemType: elementTypeCodes[dtype], ...(hasUnknownRank(shape) ? {} : { shape: { dim } }) };
  return create(ValueInfoProtoSchema, { name, type: { value: { case: 'tensorType', value } } });
}
