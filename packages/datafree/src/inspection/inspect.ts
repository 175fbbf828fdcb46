import { elementCount, isFloat, isHalf, operatorKey, standardOperators } from '@datafree/core';
import { estimateInput } from '@datafree/inversion';
import { decodeModel, prepareModel } from '@datafree/onnx';
import {
  type Context,
  type ErrorCode,
  type FusionReport,
  type Graph,
  isDatafreeError,
  type Model,
  type ValueInfo,
} from '@datafree/plugin';
import { fusionReport, type Kernel, kernelOf, quantizer } from '@datafree/quantizer';
import { quantizedBits } from '@datafree/student';
import type { ModelFile } from '../model/file.ts';
import { underivedOperators, unknownOperators, type Work } from './obstacles.ts';

/** One operator type of a network. */
interface OperatorCount {
  /** `domain:type`, or the type alone for ai.onnx. */
  readonly op: string;
  readonly count: number;
  /** Whether its derivative is known. */
  readonly gradient: boolean;
  /** How it runs once a network in floating point is quantised; of one that is quantised already `fusion` tells. */
  readonly kernel: Kernel;
}

/** What a model file holds, as far as it can be told without data. */
export interface Inspection {
  readonly model: string;
  /** Bytes of the file, side files included. */
  readonly bytes: number;
  /** SHA-256 of the file. */
  readonly sha256: string;
  readonly opset: number;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** Number of floating-point weights. */
  readonly parameters: number;
  readonly operators: readonly OperatorCount[];
  readonly batchNorms: readonly { readonly node: string; readonly tensor: string; readonly channels: number }[];
  /** Mean and standard deviation of each input channel, estimated from the first BatchNormalization; null where it does not tell. */
  readonly estimate: { readonly mean: readonly number[]; readonly deviation: readonly number[] } | null;
  /** What the runtime makes of a network that is quantised already; null for others, and where it cannot tell. */
  readonly fusion: FusionReport | null;
  /** What stands in the way of data-free work on it: codes with messages. */
  readonly problems: readonly Problem[];
}

/** What stands in the way of data-free work. */
interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
  /** The node that it is about. */
  readonly node?: string | undefined;
  /** Its operator. */
  readonly op?: string | undefined;
  /** What it stands in the way of, where that is not everything. */
  readonly prevents?: readonly Work[];
}

/**
 * Looks into a model file. What stands in the way of data-free work is told under `problems`; only a file that cannot be
 * read at all is an error.
 *
 * @throws what `decodeModel` throws
 */
export async function inspect(
  file: ModelFile,
  { inputShape }: { readonly inputShape?: readonly number[] | undefined },
  context: Context,
): Promise<Inspection> {
  const { bytes, externalData } = file;
  const graph = decodeModel(bytes, { externalData });
  const asWritten = decodeModel(bytes, { externalData, lift: false });
  const problems: Problem[] = [];
  const attempt = <T>(work: () => T, prevents?: readonly Work[]): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!isDatafreeError(error)) throw error;
      const { code, message, hint, node, op } = error;
      problems.push({ code, message, hint, node, op, ...(prevents && { prevents }) });
      return undefined;
    }
  };
  const prepare = (requireBatchNorm: boolean) => () => prepareModel(graph, { inputShape, requireBatchNorm });
  const model = attempt(prepare(false));
  if (model?.batchNorms.length === 0) attempt(prepare(true));
  const unknown = unknownOperators(model?.graph ?? graph);
  problems.push(...unknown);
  if (model !== undefined && unknown.length === 0) {
    problems.push(...(attempt(() => underivedOperators(model), ['synthesis by gradients']) ?? []));
    attempt(() => quantizer().check?.(model), ['quantisation']);
  }
  return {
    model: file.path,
    bytes: file.size(),
    sha256: file.hash,
    opset: asWritten.opset[''] ?? 0,
    inputs: asWritten.inputs,
    outputs: asWritten.outputs,
    parameters: parametersOf(graph),
    operators: operatorsOf(graph),
    batchNorms: (model?.batchNorms ?? []).map(({ node, tensor, channels }) => ({ node, tensor, channels })),
    estimate: model === undefined || unknown.length > 0 ? null : await estimateOf(model, context),
    fusion: await fusionOf(graph, context),
    problems,
  };
}

async function fusionOf(graph: Graph, { runtime }: Context): Promise<FusionReport | null> {
  if (quantizedBits(graph) === undefined) return null;
  try {
    return (await fusionReport(graph, runtime)) ?? null;
  } catch (error) {
    // What cannot be run is told under `problems`, or by whatever runs it.
    if (isDatafreeError(error)) return null;
    throw error;
  }
}

/** Floating-point constants, and quantised ones in place of their steps and zero points. */
function parametersOf({ initializers, nodes }: Graph): number {
  const rounding = nodes.filter(({ op }) => op === 'QuantizeLinear' || op === 'DequantizeLinear');
  const quantised = new Set(rounding.map(({ inputs: [values] }) => values));
  const grids = new Set(rounding.flatMap(({ inputs }) => inputs.slice(1)));
  return [...initializers]
    .filter(([name, { dtype }]) => quantised.has(name) || ((isFloat(dtype) || isHalf(dtype)) && !grids.has(name)))
    .reduce((sum, [, { dims }]) => sum + elementCount(dims), 0);
}

function operatorsOf({ nodes }: Graph): OperatorCount[] {
  const counts = new Map<string, { domain: string; op: string; count: number }>();
  for (const { domain, op } of nodes) {
    const key = operatorKey(domain, op);
    counts.set(key, { domain, op, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.entries()]
    .map(([key, { domain, op, count }]) => ({
      op: domain === '' ? op : `${domain}:${op}`,
      count,
      gradient: standardOperators.get(key)?.gradient !== undefined,
      kernel: kernelOf(domain, op),
    }))
    .sort((a, b) => b.count - a.count || a.op.localeCompare(b.op));
}

async function estimateOf(model: Model, context: Context): Promise<Inspection['estimate']> {
  if (model.batchNorms.length === 0) return null;
  const channels = model.input.shape[1] as number;
  const assumed = { mean: new Array<number>(channels).fill(0), deviation: new Array<number>(channels).fill(1) };
  const { known, mean, deviation } = await estimateInput(model, assumed, context);
  return known ? { mean, deviation } : null;
}
