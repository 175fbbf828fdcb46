import { type Attribute, DatafreeError, type Graph, type Tensor } from '@datafree/plugin';
import {
  type AttributeProto,
  type GraphProto,
  type TensorProto,
  AttributeProto_AttributeType as Type,
} from '../proto/generated/onnx_pb.ts';

/** Reads what an attribute may hold. */
export interface AttributeReaders {
  tensor(proto: TensorProto): Tensor;
  graph(proto: GraphProto): Graph;
}

/**
 * Reads an attribute. Integers that a double cannot hold exactly (`INT64_MAX` for "to the end") become the nearest
 * that it can.
 *
 * @throws `attribute-invalid` for sparse tensors, types, and lists of tensors or graphs
 */
export function decodeAttribute(proto: AttributeProto, op: string, readers: AttributeReaders): Attribute {
  switch (proto.type) {
    case Type.FLOAT:
      return { type: 'float', value: proto.f };
    case Type.INT:
      return { type: 'int', value: exact(proto.i) };
    case Type.STRING:
      return { type: 'string', value: text(proto.s) };
    case Type.FLOATS:
      return { type: 'floats', value: proto.floats };
    case Type.INTS:
      return { type: 'ints', value: proto.ints.map(exact) };
    case Type.STRINGS:
      return { type: 'strings', value: proto.strings.map(text) };
    case Type.TENSOR:
      if (proto.t === undefined) break;
      return { type: 'tensor', value: readers.tensor(proto.t) };
    case Type.GRAPH:
      if (proto.g === undefined) break;
      return { type: 'graph', value: readers.graph(proto.g) };
    default:
  }
  const name = Object.entries(Type).find(([, code]) => code === proto.type)?.[0] ?? proto.type;
  throw new DatafreeError(
    'attribute-invalid',
    `${op}: attribute ${proto.name} holds a value of type ${name}, which is not supported.`,
    {
      op,
    },
  );
}

function exact(value: bigint): number {
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)));
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
