import {
  DatafreeError,
  type FineTuner,
  type Metric,
  type Model,
  type Quantizer,
  type Runtime,
  type SampleSet,
  type Synthesizer,
} from '@datafree/plugin';
import { checkOptions } from './options.ts';
import { checkPlugin } from './plugins.ts';

/** What is going to be done, and with what. */
export interface Plan {
  readonly model: Model;
  readonly runtime: Runtime;
  readonly synthesizer?: Synthesizer | undefined;
  readonly quantizer?: Quantizer | undefined;
  readonly fineTuner?: FineTuner | undefined;
  readonly metrics?: readonly Metric[] | undefined;
  /** Samples that are there already: nothing is synthesised. */
  readonly samples?: SampleSet | undefined;
  /** How many samples to synthesise. */
  readonly count?: number | undefined;
  /** How many of the samples to make at once. */
  readonly ready?: number | undefined;
  /** How many of the samples to calibrate on, while a fine-tuner learns on all. */
  readonly calibrate?: number | undefined;
  readonly seed?: number | undefined;
  readonly threads?: number | undefined;
}

/**
 * Compares what the plugins say of themselves with the network, the runtime and the samples, so that what cannot work
 * fails before the long work and not after it.
 *
 * @throws `plugin-invalid`, `batchnorm-missing`, `unsupported`, `data-shape`, `option-invalid`
 */
export function checkPlan(plan: Plan): void {
  checkOptions('checkPlan', plan, ['model', 'runtime']);
  const { model, runtime, synthesizer, quantizer, fineTuner, metrics = [], samples } = plan;
  checkWhole('count', plan.count, 1, Number.MAX_SAFE_INTEGER);
  checkWhole('ready', plan.ready, 1, Number.MAX_SAFE_INTEGER);
  checkWhole('calibrate', plan.calibrate, 1, samples?.count ?? plan.count ?? Number.MAX_SAFE_INTEGER);
  checkWhole('seed', plan.seed, 0, 2 ** 32 - 1);
  checkWhole('threads', plan.threads, 1, 1024);
  checkPlugin('runtime', runtime);
  checkOperators(model, runtime);
  if (samples === undefined) {
    if (synthesizer !== undefined) checkSynthesizer(synthesizer, plan);
    else if (quantizer?.supports.needsSamples || fineTuner !== undefined || metrics.length > 0) {
      throw new DatafreeError('option-invalid', 'There are neither samples nor a synthesizer to make them.', {
        path: 'synthesizer',
        hint: 'Give a synthesizer, or samples of your own.',
      });
    }
  } else checkShape(model, samples);
  if (quantizer !== undefined) checkPlugin('quantizer', quantizer);
  if (fineTuner !== undefined) checkFineTuner(fineTuner, plan);
  for (const metric of metrics) checkMetric(metric, plan);
  checkDistinct(metrics);
}

/** @throws `data-shape` when the network does not take the samples */
function checkShape(model: Model, samples: SampleSet): void {
  const wanted = model.input.shape.slice(1);
  if (String(samples.shape) === String(wanted)) return;
  throw new DatafreeError(
    'data-shape',
    `The samples have the shape [${samples.shape.join(', ')}], the network takes [${wanted.join(', ')}].`,
    { tensor: model.input.name },
  );
}

function checkWhole(path: string, value: number | undefined, low: number, high: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= low && value <= high)) return;
  throw new DatafreeError('option-invalid', `${path}: ${value} is not a whole number from ${low} to ${high}.`, {
    path,
  });
}

function checkSynthesizer(synthesizer: Synthesizer, { model, runtime }: Plan): void {
  checkPlugin('synthesizer', synthesizer);
  const { needsBatchNorm, needsGradients } = synthesizer.supports;
  if (needsBatchNorm) checkBatchNorm(synthesizer.name, model);
  if (needsGradients) checkGradients(synthesizer.name, runtime);
}

function checkFineTuner(fineTuner: FineTuner, { runtime, quantizer, synthesizer, samples }: Plan): void {
  checkPlugin('fine-tuner', fineTuner);
  const { supports, name } = fineTuner;
  if (supports.needsGradients) checkGradients(name, runtime);
  if (supports.needsLabels) checkLabels(name, samples, synthesizer);
  // By convention a quantizer's options hold the bits under these names; what it really used is checked afterwards.
  const { weights, activations } = quantizer?.options ?? {};
  checkBits(fineTuner, { weights, activations });
}

/** @throws `unsupported` when the fine-tuner does not take networks of these bits */
export function checkBits(
  fineTuner: FineTuner,
  bits: { readonly weights: unknown; readonly activations: unknown },
): void {
  const { weightBits, activationBits } = fineTuner.supports;
  const cases = [
    ['weights', bits.weights, weightBits],
    ['activations', bits.activations, activationBits],
  ] as const;
  for (const [what, value, known] of cases) {
    if (typeof value !== 'number' || known.includes(value)) continue;
    throw new DatafreeError(
      'unsupported',
      `${fineTuner.name} takes ${what} of ${known.join(', ')} bits, here they have ${value}.`,
      { plugin: fineTuner.name },
    );
  }
}

function checkMetric(metric: Metric, { model, synthesizer, samples }: Plan): void {
  checkPlugin('metric', metric);
  if (metric.supports.needsBatchNorm) checkBatchNorm(metric.name, model);
  if (metric.supports.needsLabels) checkLabels(metric.name, samples, synthesizer);
}

/** Values are told by the metric's name. @throws `option-invalid` when two have the same */
function checkDistinct(metrics: readonly Metric[]): void {
  const names = metrics.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice === undefined) return;
  throw new DatafreeError('option-invalid', `There are two metrics called ${twice}, and values go by their names.`, {
    path: 'metrics',
    hint: 'Give one of them, and measure the other with measure() on the samples.',
  });
}

function checkBatchNorm(plugin: string, model: Model): void {
  if (model.batchNorms.length > 0) return;
  throw new DatafreeError('batchnorm-missing', `${plugin} needs BatchNormalization, which the network does not have.`, {
    plugin,
    hint: 'Use the Gaussian synthesizer or samples of your own, or export the network with its BatchNormalization.',
  });
}

function checkGradients(plugin: string, runtime: Runtime): void {
  if (runtime.supports.gradients) return;
  throw new DatafreeError('unsupported', `${plugin} needs gradients, which the runtime ${runtime.name} does not run.`, {
    plugin,
    hint: 'Use another runtime, or a synthesizer that needs no gradients.',
  });
}

function checkLabels(plugin: string, samples: SampleSet | undefined, synthesizer: Synthesizer | undefined): void {
  if (samples?.labelled ?? synthesizer?.supports.labels) return;
  throw new DatafreeError('unsupported', `${plugin} needs labelled samples, and these have no labels.`, {
    plugin,
    hint: 'Give labels, or use a synthesizer that gives each sample a class.',
  });
}

function checkOperators({ graph }: Model, runtime: Runtime): void {
  const unsupported = runtime.supports.unsupportedOperators ?? [];
  const node = graph.nodes.find(({ op, domain }) => unsupported.includes(domain === '' ? op : `${domain}:${op}`));
  if (node === undefined) return;
  throw new DatafreeError('unsupported', `The runtime ${runtime.name} does not run ${node.op} ("${node.name}").`, {
    plugin: runtime.name,
    node: node.name,
    op: node.op,
  });
}
