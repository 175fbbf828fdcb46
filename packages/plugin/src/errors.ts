/**
 * Every code a datafree error can carry, with its meaning. Codes are part of the public interface and follow semver;
 * messages are not.
 */
export const errorCodes = {
  // files and models
  'model-not-found': 'The model file does not exist or is not a file.',
  'model-not-onnx': 'The bytes are not an ONNX model.',
  'model-truncated': 'The ONNX file ends before its content does.',
  'model-empty': 'The file has no bytes, or the model has no nodes.',
  'model-too-large': 'The model is over 2 GB, which one protobuf message cannot hold.',
  'model-invalid': 'The model breaks a rule of ONNX: a value without producer, two producers, a cycle.',
  'opset-unsupported': 'The opset is not one of 9 to 26, or a node means in it what opset 21 cannot say.',
  'external-data-missing': 'Weights are stored in a side file that is not there.',
  'several-inputs': 'The network has several inputs where one is needed.',
  'input-unsupported': 'The network input has an element type, rank or free dimension that cannot be used.',
  'weight-not-finite': 'A weight is NaN or infinite.',
  'model-quantized': 'The network is quantised already.',
  'batchnorm-missing': 'The network has no BatchNormalization.',
  'batchnorm-folded': 'BatchNormalization was folded into the convolutions when the network was exported.',
  'batchnorm-variance': 'A running variance is not a positive number.',
  // graphs
  'operator-unknown': 'An operator has no shape rule here.',
  'operator-no-gradient': 'An operator on the path has no derivative.',
  'operator-no-evaluate': 'An operator has no reference evaluation.',
  'shape-mismatch': 'Shapes do not fit the operator.',
  'attribute-invalid': 'An attribute is missing, of the wrong type or out of range.',
  'value-unknown': 'A value is asked for that the graph does not have.',
  // running
  'runtime-missing': 'The package that executes networks is not installed.',
  'runtime-failed': 'The runtime refused or failed to run a graph.',
  'provider-unavailable': 'The execution provider is not available on this machine.',
  'not-finite': 'A computation gave NaN or infinity.',
  aborted: 'The work was aborted through its signal.',
  // options and plugins
  'option-invalid': 'An option is unknown or has a value that is not allowed.',
  'plugin-not-found': 'No plugin of that name can be found.',
  'plugin-invalid': 'The object is not a plugin of the kind that is needed, or of another API version.',
  'plugin-failed': 'A plugin threw, or gave something else than it was asked for.',
  unsupported: 'The combination asked for is not supported.',
  // samples
  'data-not-found': 'The data does not exist.',
  'data-format': 'The data is of an unknown or broken format.',
  'data-shape': 'The samples do not have the shape that the network takes.',
  'labels-length': 'There are more or fewer labels than samples, or a label is out of range.',
  'data-empty': 'The data set has no samples.',
  // files
  'file-unreadable': 'A file or folder is there, but cannot be read.',
  // output
  'output-unwritable': 'The output cannot be written.',
  'output-exists': 'The output exists and holds something else.',
  'resume-mismatch': 'The run directory belongs to a run with other options, another model or another version.',
} as const;

/** A stable error code, a key of {@link errorCodes}. */
export type ErrorCode = keyof typeof errorCodes;

/** What an error can say besides its code and message. */
export interface ErrorDetails {
  /** The plugin that threw. */
  readonly plugin?: string | undefined;
  /** Name of the node concerned. */
  readonly node?: string | undefined;
  /** Operator of that node. */
  readonly op?: string | undefined;
  /** Name of the tensor concerned. */
  readonly tensor?: string | undefined;
  /** Path inside options or a file. */
  readonly path?: string | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** The one error class of datafree: a stable code, what was found, and what to do. */
export class DatafreeError extends Error {
  override readonly name = 'DatafreeError';
  readonly code: ErrorCode;
  readonly plugin: string | undefined;
  readonly node: string | undefined;
  readonly op: string | undefined;
  readonly tensor: string | undefined;
  readonly path: string | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.plugin = details.plugin;
    this.node = details.node;
    this.op = details.op;
    this.tensor = details.tensor;
    this.path = details.path;
    this.hint = details.hint;
  }

  /** The error as plain data, for logs and `--json`. */
  toJSON(): Record<string, unknown> {
    const { code, message, plugin, node, op, tensor, path, hint } = this;
    return { code, message, plugin, node, op, tensor, path, hint };
  }
}

/** True for a {@link DatafreeError}, also one made by another copy of this package. */
export function isDatafreeError(error: unknown): error is DatafreeError {
  return error instanceof Error && error.name === 'DatafreeError' && 'code' in error;
}

/** Wraps what a plugin threw so that its name is told; datafree errors keep their code, an abort stays an abort. */
export function wrapPluginError(plugin: string, error: unknown): DatafreeError {
  if (isDatafreeError(error)) {
    if (error.plugin !== undefined) return error;
    return new DatafreeError(error.code, error.message, { ...error.toJSON(), plugin, cause: error.cause ?? error });
  }
  if (error instanceof Error && error.name === 'AbortError') {
    return new DatafreeError('aborted', 'The work was aborted.', { plugin, cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new DatafreeError('plugin-failed', `${plugin}: ${message}`, { plugin, cause: error });
}
