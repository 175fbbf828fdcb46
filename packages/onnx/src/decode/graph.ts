import { elementTypeOf, namesRead, sort } from '@datafree/core';
import { type Attributes, DatafreeError, type DType, type Graph, type Node, type Tensor } from '@datafree/plugin';
import { lift } from '../lift/lift.ts';
import type { LiftContext } from '../lift/rule.ts';
import { NameSupply } from '../names.ts';
import type { GraphProto, NodeProto } from '../proto/generated/onnx_pb.ts';
import { decodeAttribute } from './attribute.ts';
import { constantContent } from './constant.ts';
import type { ExternalData } from './external.ts';
import { enterFunction, type Functions, functionKey, resolveAttribute, type Scope } from './function.ts';
import { decodeTensor } from './tensor.ts';
import { decodeValueInfo, tensorTypeOf } from './valueInfo.ts';

/** What all graphs of a file share. */
export interface FileContext {
  readonly external: ExternalData;
  readonly functions: Functions;
  /** Every value name in the file. */
  readonly names: NameSupply;
  /** Whether nodes are said in the canonical opset. */
  readonly lift: boolean;
}

/** A graph that is being read. */
interface Block {
  readonly name: string;
  readonly nodes: Node[];
  readonly initializers: Map<string, Tensor>;
  readonly types: ReadonlyMap<string, { readonly dtype: DType | undefined; readonly rank: number | undefined }>;
  /** The graph around a sub-graph. */
  readonly outer: Block | undefined;
}

/**
 * Reads a graph: Constant nodes become initializers, calls of local functions their bodies, and nodes are lifted,
 * sorted and given unique names.
 *
 * @throws `model-invalid`, `opset-unsupported`, `attribute-invalid`, `unsupported`, `input-unsupported`,
 *   `external-data-missing`
 */
export function decodeGraph(proto: GraphProto, file: FileContext, around: Scope, outer?: Block): Graph {
  const [sparse] = proto.sparseInitializer;
  if (sparse !== undefined) throw sparseTensor(sparse.values?.name ?? '');
  const block: Block = { name: proto.name, nodes: [], initializers: new Map(), types: annotatedTypes(proto), outer };
  for (const tensor of proto.initializer) {
    if (block.initializers.has(tensor.name)) throw twoProducers(tensor.name);
    block.initializers.set(tensor.name, decodeTensor(tensor, file.external));
  }
  // Before IR version 4 every initializer was repeated as an input; later that makes it the input's default.
  const inputs = proto.input.filter(({ name }) => !block.initializers.has(name)).map(decodeValueInfo);
  const inside = new Set([
    ...inputs.map(({ name }) => name),
    ...block.initializers.keys(),
    ...proto.node.flatMap((node) => node.output),
  ]);
  const scope =
    outer === undefined
      ? around
      : { ...around, rename: (name: string) => (inside.has(name) ? name : around.rename(name)) };
  decodeNodes(proto.node, block, scope, file);

  const defined = checkProducers(
    inputs.map(({ name }) => name),
    block,
  );
  const outputs = proto.output.map((output) => {
    const info = decodeValueInfo(output);
    return { ...info, name: scope.rename(info.name) };
  });
  const missing = outer === undefined ? outputs.find(({ name }) => !defined.has(name)) : undefined;
  if (missing !== undefined) {
    throw new DatafreeError('model-invalid', `Nothing produces the output "${missing.name}".`, {
      tensor: missing.name,
    });
  }
  // What a sub-graph reads from outside is checked where the node that holds it is sorted.
  const captured = outer === undefined ? [] : block.nodes.flatMap(namesRead).filter((name) => !defined.has(name));
  const foreign = captured.map((name) => ({ name, dtype: 'float32' as const, shape: [] }));
  const graph: Graph = {
    name: proto.name,
    opset: {},
    inputs: [...inputs, ...foreign],
    outputs,
    initializers: block.initializers,
    nodes: uniquelyNamed(block.nodes),
    metadata: new Map(),
  };
  return { ...sort(graph), inputs };
}

function decodeNodes(protos: readonly NodeProto[], block: Block, scope: Scope, file: FileContext): void {
  // Constants first: nodes need not stand in order, and rules ask for the constants they read.
  for (const proto of protos) {
    if (!isConstant(proto)) continue;
    const name = scope.rename(proto.output[0] ?? '');
    if (block.initializers.has(name)) throw twoProducers(name);
    if (proto.attribute.some((attribute) => attribute.name === 'sparse_value')) throw sparseTensor(name);
    block.initializers.set(name, constantContent(name, decodeAttributes(proto, block, scope, file)));
  }
  const context = liftContext(block, scope, file);
  for (const proto of protos) {
    if (isConstant(proto)) continue;
    const definition = file.functions.get(functionKey(proto.domain, proto.opType, proto.overload));
    if (definition !== undefined) {
      const body = enterFunction(definition, proto, scope, file.names);
      decodeNodes(definition.node, block, body.scope, file);
      block.nodes.push(...body.through);
      continue;
    }
    const node: Node = {
      op: proto.opType,
      domain: proto.domain === 'ai.onnx' ? '' : proto.domain,
      name: proto.name === '' ? '' : scope.prefix + proto.name,
      inputs: trimmed(proto.input.map(scope.rename)),
      outputs: trimmed(proto.output.map(scope.rename)),
      attributes: decodeAttributes(proto, block, scope, file),
    };
    block.nodes.push(...(file.lift ? lift(node, context) : [node]));
  }
}

function decodeAttributes(proto: NodeProto, block: Block, scope: Scope, file: FileContext): Attributes {
  const readers = {
    tensor: (tensor: Parameters<typeof decodeTensor>[0]) => decodeTensor(tensor, file.external),
    graph: (graph: GraphProto) => decodeGraph(graph, file, scope, block),
  };
  const entries = proto.attribute.flatMap((attribute) => {
    const resolved = resolveAttribute(attribute, scope);
    return resolved === undefined ? [] : [[attribute.name, decodeAttribute(resolved, proto.opType, readers)] as const];
  });
  return Object.fromEntries(entries);
}

function liftContext(block: Block, scope: Scope, file: FileContext): LiftContext {
  const find = <T>(name: string | undefined, get: (from: Block, name: string) => T | undefined): T | undefined => {
    if (name === undefined) return undefined;
    for (let at: Block | undefined = block; at !== undefined; at = at.outer) {
      const found = get(at, name);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const constantOf = (name: string | undefined) => find(name, (from, key) => from.initializers.get(key));
  return {
    opset: scope.opset,
    constant: (stem, tensor) => {
      const name = file.names.unused(stem);
      block.initializers.set(name, tensor);
      return name;
    },
    unused: (stem) => file.names.unused(stem),
    constantOf,
    rankOf: (name) => constantOf(name)?.dims.length ?? find(name, (from, key) => from.types.get(key)?.rank),
    dtypeOf: (name) => constantOf(name)?.dtype ?? find(name, (from, key) => from.types.get(key)?.dtype) ?? 'float32',
  };
}

function annotatedTypes(proto: GraphProto): Block['types'] {
  return new Map(
    [...proto.valueInfo, ...proto.input, ...proto.output].flatMap((info) => {
      const tensor = tensorTypeOf(info);
      return tensor === undefined
        ? []
        : [[info.name, { dtype: knownType(tensor.elemType), rank: tensor.shape?.dim.length }]];
    }),
  );
}

function knownType(code: number): DType | undefined {
  try {
    return elementTypeOf(code);
  } catch {
    return undefined;
  }
}

/** Names of all values of a graph. @throws `model-invalid` when one has two producers */
function checkProducers(inputs: readonly string[], block: Block): ReadonlySet<string> {
  const names = new Set<string>(block.initializers.keys());
  for (const name of [...inputs, ...block.nodes.flatMap((node) => node.outputs)]) {
    if (name === '') continue;
    if (names.has(name)) throw twoProducers(name);
    names.add(name);
  }
  return names;
}

function uniquelyNamed(nodes: readonly Node[]): readonly Node[] {
  const names = new NameSupply();
  const given = nodes.map((node) => (node.name === '' ? '' : names.unused(node.name)));
  return nodes.map((node, i) => ({ ...node, name: given[i] || names.unused(node.op) }));
}

function isConstant(proto: NodeProto): boolean {
  return proto.opType === 'Constant' && (proto.domain === '' || proto.domain === 'ai.onnx');
}

function trimmed(names: readonly string[]): string[] {
  let end = names.length;
  while (end > 0 && names[end - 1] === '') end--;
  return names.slice(0, end);
}

function twoProducers(name: string): DatafreeError {
  return new DatafreeError('model-invalid', `The value "${name}" has two producers.`, { tensor: name });
}

function sparseTensor(name: string): DatafreeError {
  return new DatafreeError(
    'unsupported',
    `The weights "${name}" are stored as a sparse tensor, which is not supported.`,
    {
      tensor: name,
      hint: 'Store them as a dense tensor: onnx.numpy_helper.from_array(weights, name).',
    },
  );
}
