import { create } from '@bufbuild/protobuf';
import { DatafreeError, type Node } from '@datafree/plugin';
import { write } from '../lift/rule.ts';
import type { NameSupply } from '../names.ts';
import {
  type AttributeProto,
  AttributeProtoSchema,
  type FunctionProto,
  type NodeProto,
} from '../proto/generated/onnx_pb.ts';

/** The names and parameters that nodes of a file stand in. */
export interface Scope {
  /** Version of ai.onnx that the nodes are written in. */
  readonly opset: number;
  /** Values of the parameters of the local function that the nodes belong to. */
  readonly parameters: ReadonlyMap<string, AttributeProto>;
  /** Keys of the local functions that are being written out, outermost first. */
  readonly calls: readonly string[];
  /** Put before the names of nodes. */
  readonly prefix: string;
  /** The name that a value gets in the graph. */
  rename(name: string): string;
}

/** Local functions of a model by {@link functionKey}. */
export type Functions = ReadonlyMap<string, FunctionProto>;

/** What a call finds its function by. */
export function functionKey(domain: string, name: string, overload: string): string {
  return `${domain === 'ai.onnx' ? '' : domain}:${name}:${overload}`;
}

/** An attribute in a function's body may stand for a parameter; undefined for a parameter that is not given. */
export function resolveAttribute(attribute: AttributeProto, scope: Scope): AttributeProto | undefined {
  if (attribute.refAttrName === '') return attribute;
  const given = scope.parameters.get(attribute.refAttrName);
  return given && create(AttributeProtoSchema, { ...given, name: attribute.name });
}

/**
 * The scope in which a function's body takes the place of a call.
 *
 * @returns the scope, and the nodes that hand through a function input that is an output too
 * @throws `model-invalid` for a function that calls itself
 */
export function enterFunction(
  definition: FunctionProto,
  call: NodeProto,
  scope: Scope,
  names: NameSupply,
): { readonly scope: Scope; readonly through: readonly Node[] } {
  const key = functionKey(call.domain, call.opType, call.overload);
  if (scope.calls.includes(key)) {
    throw new DatafreeError('model-invalid', `The local function ${call.opType} calls itself.`, { op: call.opType });
  }
  const label = scope.prefix + (call.name || call.opType);
  const known = new Map<string, string>([['', '']]);
  definition.input.forEach((name, i) => {
    known.set(name, scope.rename(call.input[i] ?? ''));
  });
  const through: Node[] = [];
  definition.output.forEach((name, i) => {
    const outside = call.output[i] ?? '';
    if (outside === '') return;
    const input = known.get(name);
    if (input === undefined) known.set(name, scope.rename(outside));
    else through.push(write('Identity', [input], scope.rename(outside)));
  });
  const rename = (name: string): string => {
    const seen = known.get(name);
    if (seen !== undefined) return seen;
    const fresh = names.unused(`${label}/${name}`);
    known.set(name, fresh);
    return fresh;
  };
  const given = call.attribute.flatMap((attribute) => resolveAttribute(attribute, scope) ?? []);
  const parameters = new Map([...definition.attributeProto, ...given].map((attribute) => [attribute.name, attribute]));
  const version = definition.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version;
  return {
    scope: {
      opset: version === undefined ? scope.opset : Number(version),
      parameters,
      calls: [...scope.calls, key],
      prefix: `${label}/`,
      rename,
    },
    through,
  };
}
