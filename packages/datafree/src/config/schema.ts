import { preprocessNames } from '@datafree/data';
import { quantizerOptions } from '@datafree/quantizer';
import * as v from 'valibot';

const text = v.pipe(v.string(), v.nonEmpty());
const from = (low: number, high = Number.MAX_SAFE_INTEGER) =>
  v.pipe(v.number(), v.integer(), v.minValue(low), v.maxValue(high));
const finite = v.pipe(v.number(), v.finite());
const pair = v.tuple([finite, finite]);
const channels = v.union([finite, v.pipe(v.array(finite), v.nonEmpty())]);
const sizes = v.pipe(v.array(from(1)), v.nonEmpty());
const record = v.custom<Record<string, unknown>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be an object of options: { "name": value }',
);
const records = v.pipe(record, v.record(v.string(), record));
const bits = v.pipe(v.string(), v.regex(/^[2-8]\/[2-8]$/, 'must be bits of weights and activations: "4/8"'));
const quantisation = quantizerOptions.entries;

/** What a config can say, each under the name of its flag. */
const settingsSchema = v.strictObject({
  // every command
  seed: v.optional(from(0, 2 ** 32 - 1)),
  threads: v.optional(from(1, 1024)),
  quiet: v.optional(v.boolean()),
  // what networks run on
  runtime: v.optional(text),
  runtimeOption: v.optional(record),
  // the network's input
  preprocess: v.optional(v.picklist(preprocessNames)),
  mean: v.optional(channels),
  std: v.optional(channels),
  range: v.optional(pair),
  dequantize: v.optional(pair),
  bounds: v.optional(pair),
  inputShape: v.optional(sizes),
  // data
  data: v.optional(text),
  labels: v.optional(text),
  shape: v.optional(sizes),
  limit: v.optional(from(1)),
  resize: v.optional(v.picklist(['crop', 'refuse'])),
  // synthesis
  method: v.optional(text),
  samples: v.optional(from(1)),
  samplesPerClass: v.optional(from(1)),
  option: v.optional(record),
  // quantisation
  weights: v.optional(quantisation.weights.wrapped),
  activations: v.optional(quantisation.activations.wrapped),
  budget: v.optional(quantisation.budget.wrapped),
  operationsBudget: v.optional(quantisation.operationsBudget.wrapped),
  firstLast: v.optional(v.union([text, quantisation.firstLast.wrapped])),
  calibration: v.optional(quantisation.calibration.wrapped),
  percentile: v.optional(quantisation.percentile.wrapped),
  granularity: v.optional(quantisation.granularity.wrapped),
  symmetric: v.optional(quantisation.symmetric.wrapped),
  weightRange: v.optional(quantisation.weightRange.wrapped),
  exclude: v.optional(v.array(text)),
  biasCorrection: v.optional(quantisation.biasCorrection.wrapped),
  equalization: v.optional(quantisation.equalization.wrapped),
  reduceRange: v.optional(quantisation.reduceRange.wrapped),
  container: v.optional(quantisation.container.wrapped),
  outputs: v.optional(quantisation.outputs.wrapped),
  batch: v.optional(from(1)),
  quantizer: v.optional(text),
  quantizerOption: v.optional(record),
  // fine-tuning
  finetune: v.optional(v.boolean()),
  finetuneMethod: v.optional(text),
  finetunePreset: v.optional(v.picklist(['fast', 'paper'])),
  finetuneSteps: v.optional(from(1)),
  finetuneOption: v.optional(record),
  // measurement
  metrics: v.optional(v.pipe(v.array(text), v.nonEmpty())),
  metricOption: v.optional(records),
  // files
  output: v.optional(text),
  report: v.optional(text),
  calibrateWith: v.optional(text),
  calibrateSamples: v.optional(from(1)),
  // similarity
  layers: v.optional(v.boolean()),
  // compare
  methods: v.optional(v.pipe(v.array(text), v.nonEmpty())),
  methodOption: v.optional(records),
  bits: v.optional(v.pipe(v.array(bits), v.nonEmpty())),
  seeds: v.optional(from(1)),
  withReal: v.optional(text),
  run: v.optional(text),
  jobs: v.optional(from(1, 1024)),
});

/** The settings of a config, without those that it extends. */
export type Settings = v.InferInput<typeof settingsSchema>;

/** Names of settings. */
export const settingNames = Object.keys(settingsSchema.entries) as readonly (keyof Settings)[];

/** A config with what it extends, not yet looked into. */
export const configSchema = v.strictObject({
  ...settingsSchema.entries,
  extends: v.optional(v.array(v.union([text, record], 'must be a config or the path of one'))),
});
