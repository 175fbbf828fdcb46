import {
  type Context,
  type FineTuner,
  type Metric,
  type Model,
  type Quantized,
  type Quantizer,
  type SampleSet,
  type Synthesizer,
  throwIfAborted,
  wrapPluginError,
} from '@datafree/plugin';
import { checkpointOf } from './checkpoint.ts';
import { openStage, type Stage, type StageOptions } from './context.ts';
import { measuredBy } from './measured.ts';
import { checkOptions } from './options.ts';
import { checkBits, checkPlan } from './plan.ts';
import { quantizedBy } from './quantized.ts';
import { openRun, type RunStore } from './store.ts';
import { synthesized } from './synthesized.ts';

/** Samples made when their number is not given. */
export const defaultCount = 256;

/** What {@link synthesize} is given. */
export interface SynthesizeOptions extends Omit<StageOptions, 'checkpoint'> {
  readonly model: Model;
  readonly synthesizer: Synthesizer;
  /** How many samples; 256 when absent. */
  readonly count?: number | undefined;
  /**
   * How many of them to make at once, from 1: a method that can makes the others when they are first read, and the same
   * ones. All when absent.
   */
  readonly ready?: number | undefined;
  /** Where the run keeps what it resumes from; without one, an interrupted run starts again. */
  readonly store?: RunStore | undefined;
}

/**
 * Makes samples from the network alone. What the plugin gives is checked, each batch when it is read: what does not fit
 * the network or is no finite number is an error then, values far outside its inputs are warned of once.
 *
 * @throws what {@link checkPlan} throws, `resume-mismatch`, `aborted`, and with the plugin's name what it throws and
 * `plugin-failed` for what are no samples. Reading them throws `plugin-failed`, `not-finite` and what the plugin throws
 */
export async function synthesize(options: SynthesizeOptions): Promise<SampleSet> {
  checkOptions('synthesize', options, ['model', 'runtime', 'synthesizer']);
  const plan = { ...options, count: options.count ?? defaultCount };
  checkPlan(plan);
  return samplesFor({ ...plan, store: options.store && (await openRun(options.store, plan)) });
}

/**
 * The samples that an earlier, interrupted run kept in the opened store, or new ones. Those that are still being made are
 * kept by what makes them, in its part of the checkpoint.
 */
export async function samplesFor(options: SynthesizeOptions & { readonly count: number }): Promise<SampleSet> {
  const { model, synthesizer, count, store, seed = 0 } = options;
  const ready = options.ready === undefined || options.ready >= count ? undefined : options.ready;
  const kept = await store?.readSamples();
  if (kept !== undefined) return kept;
  const checkpoint = store && checkpointOf(store.checkpoint, 'synthesis');
  const stage = openStage({ ...options, checkpoint });
  const made = await work(synthesizer.name, stage, (context) =>
    synthesizer.synthesize(model, ready === undefined ? { count } : { count, ready }, context),
  );
  const samples = synthesized(made, {
    model,
    synthesizer,
    count,
    ready,
    logger: options.logger,
    onEnd: stage.complete,
  });
  if (samples.ready !== undefined) return samples;
  stage.complete();
  return store?.keepSamples(samples, { model, synthesizer, seed }) ?? samples;
}

/**
 * Quantises a network, calibrated on samples.
 *
 * @throws what {@link checkPlan} throws, `aborted`, and with the plugin's name what it throws and `plugin-failed` for
 * what is no quantised network
 */
export async function quantize(
  options: StageOptions & { readonly model: Model; readonly quantizer: Quantizer; readonly samples: SampleSet },
): Promise<Quantized> {
  checkOptions('quantize', options, ['model', 'runtime', 'quantizer']);
  const { model, quantizer, samples } = options;
  checkPlan(options);
  const made = await completed(quantizer.name, options, (context) => quantizer.quantize(model, samples, context));
  return quantizedBy(quantizer.name, model, made);
}

/**
 * Lets a quantised network learn from the full-precision one.
 *
 * @throws what {@link checkPlan} throws, `aborted`, and with the plugin's name what it throws and `plugin-failed` for
 * what is no quantised network
 */
export async function fineTune(
  options: StageOptions & {
    readonly model: Model;
    readonly fineTuner: FineTuner;
    readonly quantized: Quantized;
    readonly samples: SampleSet;
  },
): Promise<Quantized> {
  checkOptions('fineTune', options, ['model', 'runtime', 'fineTuner', 'quantized', 'samples']);
  const { model, fineTuner, quantized, samples } = options;
  checkPlan(options);
  checkBits(fineTuner, quantized.bits);
  const tuned = await completed(fineTuner.name, options, (context) =>
    fineTuner.fineTune(model, quantized, samples, context),
  );
  return quantizedBy(fineTuner.name, model, tuned);
}

/**
 * Applies metrics one after the other.
 *
 * @returns values by the metric's name
 * @throws what {@link checkPlan} throws, `aborted`, and with the plugins' names what they throw and `plugin-failed` for
 * what are no finite numbers by name
 */
export async function measure(
  options: StageOptions & { readonly model: Model; readonly metrics: readonly Metric[]; readonly samples: SampleSet },
): Promise<Readonly<Record<string, Readonly<Record<string, number>>>>> {
  checkOptions('measure', options, ['model', 'runtime', 'metrics', 'samples']);
  const { model, metrics, samples } = options;
  checkPlan(options);
  const values: [string, Readonly<Record<string, number>>][] = [];
  for (const metric of metrics) {
    const measured = await completed(metric.name, options, (context) => metric.measure(model, samples, context));
    values.push([metric.name, measuredBy(metric.name, measured)]);
  }
  return Object.fromEntries(values);
}

/** Runs one plugin whose work is done when it returns: so is its progress. */
async function completed<T>(plugin: string, options: StageOptions, run: (context: Context) => Promise<T>): Promise<T> {
  const stage = openStage(options);
  const result = await work(plugin, stage, run);
  stage.complete();
  return result;
}

/** Runs one plugin: its errors carry its name. */
async function work<T>(plugin: string, { context }: Stage, run: (context: Context) => Promise<T>): Promise<T> {
  throwIfAborted(context.signal);
  let result: T;
  try {
    result = await run(context);
  } catch (error) {
    throw wrapPluginError(plugin, error);
  }
  throwIfAborted(context.signal);
  return result;
}
