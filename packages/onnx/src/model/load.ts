import { createHash } from 'node:crypto';
import { namesRead, type OperatorSet, operatorSetOf, prune } from '@datafree/core';
import {
  checkGiven,
  checkNames,
  DatafreeError,
  type Graph,
  type InputGrid,
  type Logger,
  type Model,
  silentLogger,
  type ValueInfo,
} from '@datafree/plugin';
import type { ExternalDataSource } from '../decode/external.ts';
import { checkBytes, decodeModel } from '../decode/model.ts';
import { makeBatchDynamic } from '../passes/batch.ts';
import { simplify } from '../passes/simplify.ts';
import { hasUnknownRank } from '../rank.ts';
import { findBatchNorms } from './batchNorms.ts';
import { noBatchNorm, partlyFolded } from './missing.ts';
import { checkUnquantized } from './quantized.ts';

/** Options of {@link prepareModel}. */
export interface PrepareOptions {
  /** How stored values become the input. */
  readonly grid?: InputGrid | undefined;
  /** Shape of one sample, without the batch axis: gives a size to what the file leaves free. */
  readonly inputShape?: readonly number[] | undefined;
  /** `false` accepts a network without BatchNormalization. */
  readonly requireBatchNorm?: boolean;
  /** The operators that the network is made of; core's own when absent. Everything that is handed the model has them. */
  readonly operators?: OperatorSet | undefined;
  /** Is told when the batch axis cannot be made free, and when some BatchNormalizations seem to be missing. */
  readonly logger?: Logger;
  /** {@link Model.hash}. */
  readonly hash?: string;
}

/** Options of {@link loadModel}. */
export interface LoadOptions extends PrepareOptions {
  /** Finds side files with weights, by their path relative to the model file. */
  readonly externalData?: ExternalDataSource | undefined;
}

/**
 * Reads an ONNX file and prepares it for data-free work, see {@link prepareModel}. The hash is the SHA-256 of the
 * bytes unless one is given.
 *
 * @throws what {@link decodeModel} and {@link prepareModel} throw
 */
export function loadModel(bytes: Uint8Array, options: LoadOptions = {}): Model {
  checkNames('loadModel', options, [...known, 'externalData']);
  checkBytes('loadModel', bytes);
  const { externalData, ...preparing } = options;
  const graph = decodeModel(bytes, { externalData });
  const hash = options.hash ?? createHash('sha256').update(bytes).digest('hex');
  return prepareModel(graph, { ...preparing, hash });
}

/** Options of {@link prepareModel}. */
const known = ['grid', 'inputShape', 'requireBatchNorm', 'operators', 'logger', 'hash'];

/**
 * Prepares a network for data-free work: one float32 input with a free batch axis "N", no shape arithmetic that is
 * not needed, nothing dead, BatchNormalizations found. A batch that cannot be made free keeps its size and the logger
 * is told why.
 *
 * @throws `model-quantized`, `several-inputs`, `input-unsupported`, `batchnorm-missing`, `batchnorm-folded`,
 *   `batchnorm-variance`, `option-invalid`
 */
export function prepareModel(graph: Graph, options: PrepareOptions = {}): Model {
  checkNames('prepareModel', options, known);
  checkGiven('prepareModel', { graph });
  const { logger = silentLogger, requireBatchNorm = true, grid, hash = '' } = options;
  const operators = operatorSetOf(options);
  const live = prune(graph);
  checkUnquantized(live);
  const input = withShape(theInput(live), options.inputShape);
  const batched = makeBatchDynamic({ ...live, inputs: [input] }, operators);
  if (batched.reason !== undefined) {
    const size = batched.graph.inputs[0]?.shape[0];
    logger.warn(`The batch axis of "${input.name}" keeps its size ${size}: ${batched.reason}`);
  }
  const simple = simplify(batched.graph, operators);
  const batchNorms = findBatchNorms(simple, operators);
  if (requireBatchNorm && batchNorms.length === 0) throw noBatchNorm(simple);
  const partly = batchNorms.length > 0 ? partlyFolded(simple) : undefined;
  if (partly !== undefined) logger.warn(partly);
  const [output] = simple.outputs;
  if (output === undefined) throw new DatafreeError('model-invalid', `The network "${simple.name}" has no output.`);
  return {
    graph: simple,
    input: simple.inputs[0] as ValueInfo,
    output,
    batchNorms,
    ...(grid === undefined ? {} : { grid }),
    ...(options.operators === undefined ? {} : { operators }),
    hash,
  };
}

function theInput(graph: Graph): ValueInfo {
  const read = new Set(graph.nodes.flatMap(namesRead));
  const inputs = graph.inputs.filter(({ name }) => read.has(name));
  const [input] = inputs;
  if (input === undefined) {
    throw new DatafreeError('input-unsupported', 'The network reads no input: its output is constant.', {
      hint: 'Export the network with its input as an argument.',
    });
  }
  if (inputs.length > 1) {
    const found = inputs.map(({ name, shape }) => `"${name}" [${shape}]`).join(', ');
    throw new DatafreeError('several-inputs', `The network has ${inputs.length} inputs: ${found}. One is needed.`, {
      hint: 'Export it with the other inputs fixed to constants.',
    });
  }
  return input;
}

function withShape(input: ValueInfo, given: readonly number[] | undefined): ValueInfo {
  const { name, dtype } = input;
  const refuse = (what: string, hint: string): DatafreeError =>
    new DatafreeError('input-unsupported', `The input "${name}" ${what}.`, { tensor: name, hint });
  if (dtype !== 'float32')
    throw refuse(`is of type ${dtype}, float32 is needed`, 'Export the network with a float32 input.');
  const unknown = hasUnknownRank(input.shape);
  if (unknown && given === undefined) {
    throw refuse('has no shape in the file', 'Give the shape of one sample: inputShape [3, 224, 224].');
  }
  const shape = unknown ? [`${name}.0`, ...(given as number[])] : input.shape;
  if (shape.length < 2) {
    throw refuse(
      `has the shape [${shape}], a batch axis and a channel axis are needed`,
      'Export the network with an input of two or more dimensions.',
    );
  }
  if (given !== undefined) {
    const fits =
      given.length === shape.length - 1 &&
      given.every((size, i) => typeof shape[i + 1] === 'string' || shape[i + 1] === size);
    if (!fits)
      throw refuse(`has the shape [${shape}], in which samples of [${given}] do not fit`, 'Give another inputShape.');
    return { ...input, shape: [shape[0] as string | number, ...given] };
  }
  const free = shape.slice(1).filter((dim) => typeof dim === 'string');
  if (free.length > 0) {
    throw refuse(
      `has the shape [${shape}], where ${free.map((dim) => `"${dim}"`).join(' and ')} can be any size`,
      `Say how large a sample is: inputShape [${shape.slice(1).map((dim, i) => (typeof dim === 'number' ? dim : i === 0 ? 3 : 224))}], --input-shape on the command line.`,
    );
  }
  return { ...input, shape };
}
