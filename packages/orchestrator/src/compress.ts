import {
  type FineTuner,
  firstOf,
  type Metric,
  type Model,
  type Quantized,
  type Quantizer,
  type SampleSet,
  type Synthesizer,
} from '@datafree/plugin';
import { checkpointOf } from './checkpoint.ts';
import type { StageOptions } from './context.ts';
import { checkNetwork } from './network.ts';
import { checkOptions } from './options.ts';
import { checkPlan } from './plan.ts';
import { defaultCount, fineTune, measure, quantize, samplesFor } from './stages.ts';
import { openRun, type RunStore } from './store.ts';

/** What {@link compress} is given. */
export interface CompressOptions extends Omit<StageOptions, 'checkpoint'> {
  readonly model: Model;
  /** Makes the samples; not needed when there are `samples`. */
  readonly synthesizer?: Synthesizer | undefined;
  readonly quantizer: Quantizer;
  readonly fineTuner?: FineTuner | undefined;
  /** Measured on the samples, at the end. */
  readonly metrics?: readonly Metric[] | undefined;
  /** Samples of your own instead of synthetic ones. */
  readonly samples?: SampleSet | undefined;
  /** How many samples to synthesise; 256 when absent. */
  readonly count?: number | undefined;
  /**
   * Calibrates on the first so many samples only, from 1 to `count`, while the fine-tuner learns on all; all when absent.
   * Where the synthesizer can, the others are made while the fine-tuner learns: as it asks for them, step by step, so that
   * the bytes do not depend on time.
   */
  readonly calibrate?: number | undefined;
  /** Where the run keeps what it resumes from; without one, an interrupted run starts again. */
  readonly store?: RunStore | undefined;
}

/**
 * Wall-clock seconds of each stage in this process; a stage that was not run, or was resumed after its end, took 0. What
 * it takes to make samples while the fine-tuner learns is part of `fineTuning`.
 */
export interface StageSeconds {
  readonly synthesis: number;
  readonly calibration: number;
  readonly fineTuning: number;
  readonly measurement: number;
  readonly total: number;
}

/** What {@link compress} gives. */
export interface Compressed {
  readonly quantized: Quantized;
  /** False without a fine-tuner, and where it gave up and left the network as it was: `quantized.warnings` says why. */
  readonly learned: boolean;
  /** All samples: what the network was calibrated on, or learned on. */
  readonly samples: SampleSet;
  /** Values of each metric, by its name. */
  readonly metrics: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly seconds: StageSeconds;
  readonly seed: number;
}

/**
 * Compresses a network: synthesises samples, quantises on them, fine-tunes if there is a fine-tuner, and measures.
 * Plugins are known by their contracts alone. With a `store`, a run that was interrupted goes on where it was and gives
 * the same bytes as one that was not.
 *
 * @throws `plugin-invalid`, `unsupported`, `batchnorm-missing`, `data-shape`, `option-invalid` and what the plugins' `check`
 * throws before any long work;
 * `resume-mismatch`; `aborted`; and what the plugins throw, with their names
 */
export async function compress(options: CompressOptions): Promise<Compressed> {
  checkOptions('compress', options, ['model', 'runtime', 'quantizer']);
  const { model, quantizer, fineTuner, metrics = [], seed = 0, calibrate } = options;
  const plan = { ...options, count: options.count ?? defaultCount };
  checkPlan(plan);
  checkNetwork(plan);
  const store = options.store && (await openRun(options.store, plan));
  const stage = (name: string): StageOptions => ({
    ...options,
    checkpoint: store && checkpointOf(store.checkpoint, name),
  });
  const clock = stopwatch();

  // The plan was checked: where there are no samples there is a synthesizer.
  const synthesizer = options.synthesizer as Synthesizer;
  const samples = options.samples ?? (await samplesFor({ ...plan, synthesizer, store, ready: calibrate }));
  const synthesis = clock.lap();
  const calibrated = calibrate === undefined ? samples : firstOf(samples, calibrate);
  let quantized = await quantize({ ...stage('calibration'), model, quantizer, samples: calibrated });
  let learned = false;
  const calibration = clock.lap();
  if (fineTuner !== undefined) {
    const tuned = await fineTune({ ...stage('fine-tuning'), model, fineTuner, quantized, samples });
    learned = tuned.graph !== quantized.graph;
    quantized = tuned;
  }
  await complete(samples);
  const fineTuning = fineTuner === undefined ? 0 : clock.lap();
  const measured = metrics.length === 0 ? {} : await measure({ ...stage('measurement'), model, metrics, samples });
  const measurement = metrics.length === 0 ? 0 : clock.lap();
  const seconds = { synthesis, calibration, fineTuning, measurement, total: clock.total() };
  return { quantized, learned, samples, metrics: measured, seconds, seed };
}

/** Reads a set that is still being made to its end: what was asked for need not be all. */
async function complete(samples: SampleSet): Promise<void> {
  if (samples.ready === undefined) return;
  for await (const _ of samples.batches(64));
}

function stopwatch(): { lap(): number; total(): number } {
  const start = performance.now();
  let last = start;
  return {
    lap() {
      const now = performance.now();
      const seconds = (now - last) / 1000;
      last = now;
      return seconds;
    },
    total: () => (performance.now() - start) / 1000,
  };
}
