import { DatafreeError, type Node, parseOptions } from '@datafree/plugin';
import * as v from 'valibot';
import { calibrationMethods } from './calibration/range.ts';
import { containers } from './emit/container.ts';

const bits = v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(8));

const share = v.pipe(v.number(), v.gtValue(0), v.maxValue(1));

const exclusion = v.union([
  v.pipe(v.string(), v.nonEmpty()),
  v.instance(RegExp),
  v.custom<(node: Node) => boolean>((value) => typeof value === 'function', 'must be a name, a RegExp or a function'),
]);

const schema = v.strictObject({
  /** Bits of the weights, 2 to 8. */
  weights: v.optional(bits, 8),
  /** Bits of the activations that enter a Conv, Gemm or MatMul, 2 to 8. The network input always has 8. */
  activations: v.optional(bits, 8),
  /**
   * Chooses the bits of each layer's weights, in place of `weights`, so that all weights together have at most this part
   * of their bits in fp32 (0.125: 4 bits on average).
   */
  budget: v.optional(share),
  /**
   * The same for the bits that are multiplied: multiplications times the bits of weights and of activations. An activation
   * that enters the layers of one weight alone gets bits of its own, up to `activations`.
   */
  operationsBudget: v.optional(share),
  /** Own bits of the first and the last layer: their weights, and the activation that enters the last one. */
  firstLast: v.optional(v.strictObject({ weights: v.optional(bits), activations: v.optional(bits) })),
  /** Bits of what only an Add reads, a residual branch before its sum: 8 (`wide`), or those of `activations`. */
  summands: v.optional(v.picklist(['wide', 'activations']), 'wide'),
  /** How the range of an activation is found. */
  calibration: v.optional(v.picklist(calibrationMethods), 'mse'),
  /** Per cent of the values that `percentile` keeps at each end. */
  percentile: v.optional(v.pipe(v.number(), v.minValue(50), v.maxValue(100)), 99.99),
  /** One weight grid for each output channel, or one for each tensor. */
  granularity: v.optional(v.picklist(['channel', 'tensor']), 'channel'),
  /** Weight grids symmetric about zero. */
  symmetric: v.optional(v.boolean(), true),
  /** How the range of a weight grid is found; `mse` below 8 bits and `minmax` at 8 when absent. */
  weightRange: v.optional(v.picklist(['minmax', 'mse'])),
  /** Nodes that stay in float: a name, a pattern for names, or a test of the node. One that fits none is warned of. */
  exclude: v.optional(v.array(exclusion), []),
  /** Takes the mean error that rounded weights make in a channel out of its bias. */
  biasCorrection: v.optional(v.boolean(), true),
  /** Evens out the ranges of the channels between two layers before quantisation (cross-layer equalisation). */
  equalization: v.optional(v.boolean(), false),
  /** Weights of 7 instead of 8 bits, for processors that saturate sums of two 8-bit products (x86 without VNNI). */
  reduceRange: v.optional(v.boolean(), false),
  /**
   * How weights of 4 bits or less are stored: a byte each (`int8`), or two a byte (`int4`, or `uint4` with codes and zero
   * points from 0; opset 21; such layers run in float).
   */
  container: v.optional(v.picklist(containers), 'int8'),
  /** Quantises what a last Conv gives, so that it runs as integers; `float` keeps network outputs exact. */
  outputs: v.optional(v.picklist(['integer', 'float']), 'integer'),
  /** Samples that calibration runs at once; as many as fit 256 MB of activations, at most 64, when absent. */
  batch: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
});

/** Options of `quantizer`. */
export type QuantizerOptions = v.InferInput<typeof schema>;

/** Options with the defaults filled in. */
export type ParsedQuantizerOptions = v.InferOutput<typeof schema>;

/** The schema of {@link QuantizerOptions}, for interfaces that are derived from it. */
export const quantizerOptions = schema;

/** @throws `option-invalid` */
export function parseQuantizerOptions(options: QuantizerOptions): ParsedQuantizerOptions {
  const parsed = parseOptions('quantizer', schema, options);
  const { budget, operationsBudget } = parsed;
  if (budget !== undefined && operationsBudget !== undefined) refuse('budget and operationsBudget', 'operationsBudget');
  const chosen = budget === undefined ? 'operationsBudget' : 'budget';
  if ((budget ?? operationsBudget) !== undefined && options.weights !== undefined)
    refuse(`${chosen} and weights`, 'weights');
  return parsed;
}

function refuse(both: string, path: string): never {
  throw new DatafreeError('option-invalid', `quantizer: ${both} exclude each other.`, {
    plugin: 'quantizer',
    path,
    hint: 'Give one of them.',
  });
}
