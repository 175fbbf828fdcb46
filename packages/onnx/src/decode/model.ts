import { canonicalOpset } from '@datafree/core';
import { checkNames, DatafreeError, type Graph, kindOf } from '@datafree/plugin';
import { maxModelBytes, newestIrVersion, newestOpset, oldestOpset } from '../limits.ts';
import { NameSupply } from '../names.ts';
import { resolveBranches } from '../passes/branches.ts';
import { domainsOf } from '../passes/domains.ts';
import type { AttributeProto, GraphProto, ModelProto } from '../proto/generated/onnx_pb.ts';
import { parseModel, tooLarge } from './envelope.ts';
import { type ExternalDataSource, externalData } from './external.ts';
import { checkFinite } from './finite.ts';
import { functionKey } from './function.ts';
import { decodeGraph } from './graph.ts';

/** Options of {@link decodeModel}. */
export interface DecodeOptions {
  /** Finds side files with weights, by their path relative to the model file. */
  readonly externalData?: ExternalDataSource | undefined;
  /**
   * `false` reads the file as it is: nodes keep their opset and weights are not checked. Meant for looking into what
   * another program wrote.
   */
  readonly lift?: boolean;
}

/**
 * Reads an ONNX file. What comes out is one canonical form, whatever wrote the file: opset 21, constants as
 * initializers, local functions written out, branches on a constant resolved, BatchNormalization in inference mode,
 * nodes sorted and uniquely named. Free dimensions without a name get one.
 *
 * @throws `model-empty`, `model-not-onnx`, `model-truncated`, `model-too-large`, `model-invalid`,
 *   `opset-unsupported`, `external-data-missing`, `weight-not-finite`, `input-unsupported`, `attribute-invalid`,
 *   `unsupported`, `option-invalid` for something else than bytes, a path say, and for an unknown option
 */
export function decodeModel(bytes: Uint8Array, options: DecodeOptions = {}): Graph {
  checkNames('decodeModel', options, ['externalData', 'lift']);
  checkBytes('decodeModel', bytes);
  const model = parseModel(bytes);
  const lift = options.lift ?? true;
  const versions = opsetsOf(model);
  const opset = versions.get('') ?? 0;
  if (lift) checkVersions(model, opset);
  const proto = model.graph as GraphProto;
  checkSize(proto);
  const file = {
    external: externalData(options.externalData),
    functions: new Map(model.functions.map((f) => [functionKey(f.domain, f.name, f.overload), f])),
    names: new NameSupply(valueNames(proto)),
    lift,
  };
  const scope = { opset, parameters: new Map(), calls: [], prefix: '', rename: (name: string) => name };
  const read = decodeGraph(proto, file, scope);
  const graph = lift ? resolveBranches(read) : read;
  if (graph.nodes.length === 0) {
    throw new DatafreeError('model-empty', `The model "${graph.name}" has no nodes.`, {
      hint: 'Export the network again: this file computes nothing.',
    });
  }
  if (lift) checkFinite(graph);
  const domains = domainsOf(graph).filter((domain) => domain !== '');
  return {
    ...graph,
    opset: {
      '': lift ? canonicalOpset : opset,
      ...Object.fromEntries(domains.map((domain) => [domain, versions.get(domain) ?? 1])),
    },
    metadata: new Map(model.metadataProps.map(({ key, value }) => [key, value])),
  };
}

/** @param of the function, for the message @throws `option-invalid` unless it is a Uint8Array */
export function checkBytes(of: string, bytes: unknown): void {
  if (bytes instanceof Uint8Array) return;
  const file = typeof bytes === 'string' && bytes.length < 100 ? JSON.stringify(bytes) : 'file';
  throw new DatafreeError(
    'option-invalid',
    `${of}: bytes: ${kindOf(bytes)} was given where the bytes of an ONNX file are needed, as a Uint8Array.`,
    { path: 'bytes', hint: `Read the file first: await readFile(${file}).` },
  );
}

function opsetsOf(model: ModelProto): ReadonlyMap<string, number> {
  // Before IR version 3 files did not name their opset: it was the first.
  const imports = model.opsetImport.map(
    ({ domain, version }) => [domain === 'ai.onnx' ? '' : domain, Number(version)] as const,
  );
  return new Map(imports.length === 0 ? [['', 1]] : imports);
}

function checkVersions(model: ModelProto, opset: number): void {
  if (opset < oldestOpset || opset > newestOpset) {
    const found = opset === 0 ? 'no opset of ai.onnx' : `opset ${opset}`;
    throw new DatafreeError(
      'opset-unsupported',
      `The model uses ${found}; opsets ${oldestOpset} to ${newestOpset} are read.`,
      {
        hint: 'Export it with one of them: torch.onnx.export(..., opset_version=17).',
      },
    );
  }
  if (model.irVersion > newestIrVersion) {
    throw new DatafreeError(
      'opset-unsupported',
      `The file has IR version ${model.irVersion}; versions up to ${newestIrVersion} are read.`,
      { hint: `Export it with an opset of ${oldestOpset} to ${newestOpset}.` },
    );
  }
}

/** Side files can hold more than the model file may. */
function checkSize(proto: GraphProto): void {
  let total = 0;
  for (const tensor of proto.initializer) {
    const length = tensor.externalData.find(({ key }) => key === 'length')?.value;
    total += length === undefined ? tensor.rawData.length : Number(length);
  }
  if (total > maxModelBytes) throw tooLarge(total);
}

function valueNames(proto: GraphProto): Iterable<string> {
  const names = new Set<string>();
  const visit = (graph: GraphProto): void => {
    for (const { name } of [...graph.input, ...graph.initializer]) names.add(name);
    for (const node of graph.node) {
      for (const name of node.output) names.add(name);
      for (const attribute of node.attribute as AttributeProto[]) if (attribute.g !== undefined) visit(attribute.g);
    }
  };
  visit(proto);
  return names;
}
