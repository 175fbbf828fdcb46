import { writeFileAtomic } from '@datafree/data';
import { encodeModel } from '@datafree/onnx';
import type { Compressed } from '@datafree/orchestrator';
import { DatafreeError, type FusionReport, type MixedPrecision } from '@datafree/plugin';
import { Command } from 'commander';
import { type DataOptions, dataFor, sampleShapeOf, withData } from '../arguments/data.ts';
import { type FineTuningOptions, fineTunerFor, withFineTuning } from '../arguments/fineTuning.ts';
import { type GeneralOptions, withGeneral } from '../arguments/general.ts';
import { type InputOptions, preprocessOf, withInput } from '../arguments/input.ts';
import { countFor, type MethodOptions, synthesizerFor, withMethod } from '../arguments/method.ts';
import { type MetricsOptions, metricsFor, withMetrics } from '../arguments/metrics.ts';
import { withQuantization } from '../arguments/quantization.ts';
import { type QuantizerChoice, quantizersFor, withQuantizer } from '../arguments/quantizer.ts';
import { type RuntimeChoice, runtimeFacts, runtimeFor, withRuntime } from '../arguments/runtime.ts';
import { path, whole } from '../arguments/values.ts';
import { type Console, openConsole } from '../console/console.ts';
import { floatLayers, integerKernels } from '../console/fusion.ts';
import { precisionLines } from '../console/precision.ts';
import { pairs, seconds, sizeOf } from '../console/table.ts';
import { contextOf } from '../context.ts';
import { type FineTuned, fineTuningLines, LossRecord } from '../fineTuning/losses.ts';
import { warnOfUnlike } from '../inspection/unlike.ts';
import { openModel } from '../model/open.ts';
import { checkOutputFile } from '../outputs.ts';
import { keepRun } from '../resume.ts';
import { runBeside } from '../runFolder.ts';
import { compress } from '../synthesis/spilling.ts';
import type { Terminal } from '../terminal.ts';

interface Options
  extends GeneralOptions,
    RuntimeChoice,
    InputOptions,
    MethodOptions,
    QuantizerChoice,
    DataOptions,
    FineTuningOptions,
    MetricsOptions {
  readonly output: string;
  readonly report?: string;
  readonly calibrateWith?: string;
  readonly calibrateSamples?: number;
  readonly restart: boolean;
}

/** `datafree compress`: from a network to its quantised form. */
export function compressCommand(terminal: Terminal): Command {
  const command = new Command('compress')
    .description('quantise a network, calibrated on samples that are synthesised from it')
    .argument('<model>', 'ONNX file')
    .requiredOption('-o, --output <file>', 'where the quantised network goes', path('output'))
    .option('--report <file>', 'also write the result as JSON', path('report'))
    .option(
      '--calibrate-with <data>',
      'calibrate on data of your own instead of synthetic samples',
      path('calibrate-with'),
    )
    .option(
      '--calibrate-samples <number>',
      'calibrate on the first so many samples; the others are made while --finetune learns on them (all)',
      whole('calibrate-samples', 1),
    )
    .option('--restart', 'discard what an interrupted run left instead of going on with it', false);
  withMethod(command);
  withQuantization(command);
  withQuantizer(command);
  withFineTuning(command);
  withMetrics(command);
  withInput(command);
  withData(command);
  withRuntime(command);
  withGeneral(command);
  return command.action((model: string, options: Options) => {
    const console = openConsole(terminal, options);
    if (options.calibrateWith !== undefined) warnOfUnused(command, options, console);
    return run(model, options, console);
  });
}

/** Flags that say how samples are made, by the names of their values. */
const ofSynthesis = {
  samples: '--samples',
  samplesPerClass: '--samples-per-class',
  method: '--method',
  option: '--option',
};

/** Warns of flags that say how samples are made where none are. */
function warnOfUnused(command: Command, { limit }: Options, { logger }: Console): void {
  const unused = Object.entries(ofSynthesis).filter(([name]) => command.getOptionValueSource(name) === 'cli');
  if (unused.length === 0) return;
  const flags = unused.map(([, flag]) => flag).join(' and ');
  const fewer = limit === undefined && flags.includes('--samples') ? ': --limit takes fewer of its samples' : '';
  logger.warn(`${flags} ${unused.length === 1 ? 'has' : 'have'} no effect beside --calibrate-with${fewer}.`);
}

async function run(path: string, options: Options, console: Console): Promise<void> {
  const { output, report, calibrateWith, calibrateSamples, seed, threads } = options;
  const preprocess = preprocessOf(options);
  const runtime = await runtimeFor(options);
  const quantizer = (await quantizersFor(options))();
  const fineTuner = options.finetune ? await fineTunerFor(options) : undefined;
  const metrics = await metricsFor(options);
  const synthesizer = calibrateWith === undefined ? await synthesizerFor(options) : undefined;
  const inputs = [path, calibrateWith];
  await checkOutputFile(output, inputs);
  if (report !== undefined) await checkOutputFile(report, inputs, output);
  const { model, file } = await openModel(path, {
    preprocess,
    inputShape: options.inputShape,
    requireBatchNorm: synthesizer?.supports.needsBatchNorm ?? false,
    logger: console.logger,
  });
  const samples =
    calibrateWith === undefined
      ? undefined
      : await dataFor(calibrateWith, sampleShapeOf(model), options, preprocess, console.logger);
  if (samples !== undefined) {
    await warnOfUnlike(model, samples, calibrateWith as string, contextOf(options, console, runtime));
  }
  const count = samples?.count ?? countFor(options, model);
  if (calibrateSamples !== undefined && calibrateSamples > count) {
    throw new DatafreeError(
      'option-invalid',
      `--calibrate-samples: there are ${count} samples, not ${calibrateSamples}.`,
      {
        path: 'calibrate-samples',
        hint: 'Take fewer, or make more: --samples.',
      },
    );
  }
  const store = await runBeside(output, calibrateWith, runtimeFacts(options));
  const losses = new LossRecord();
  const result = await keepRun(store, options, console, () =>
    compress({
      model,
      runtime,
      synthesizer,
      quantizer,
      fineTuner,
      metrics,
      samples,
      count: samples === undefined ? count : undefined,
      calibrate: calibrateSamples,
      seed,
      threads,
      store: store && losses.keptIn(store),
      signal: console.signal,
      onProgress: (event) => {
        losses.observe(event);
        console.onProgress(event);
      },
      logger: console.logger,
    }),
  );
  const encoded = encodeModel(result.quantized.graph);
  await writeFileAtomic(output, encoded);
  const summary = summarize(result, {
    model: path,
    output,
    bytes: encoded.length,
    fp32Bytes: file.size(),
    method: synthesizer?.name ?? null,
    calibrateWith: calibrateWith ?? null,
    quantizer: quantizer.name,
    fineTuner: fineTuner?.name ?? null,
    learned: fineTuner === undefined ? null : result.learned,
    fineTuning: losses.result(),
  });
  if (report !== undefined) await writeFileAtomic(report, `${JSON.stringify(summary, undefined, 2)}\n`);
  await store?.remove();
  for (const warning of result.quantized.warnings) console.logger.warn(warning);
  console.result(summary, describe(summary));
}

/** What `compress --json` prints and `--report` writes. */
interface Summary {
  readonly model: string;
  readonly output: string;
  readonly bytes: number;
  readonly fp32Bytes: number;
  /** The synthesizer, null with data of your own. */
  readonly method: string | null;
  readonly calibrateWith: string | null;
  readonly samples: number;
  readonly quantizer: string;
  /** Null without fine-tuning. */
  readonly fineTuner: string | null;
  /** False where learning was given up and the network stays as it was calibrated; null without fine-tuning. */
  readonly learned: boolean | null;
  /** Null without it, or when it tells no loss. */
  readonly fineTuning: FineTuned | null;
  readonly seconds: Compressed['seconds'];
  /** Null when the runtime cannot tell. */
  readonly fusion: FusionReport | null;
  readonly bits: { readonly weights: number; readonly activations: number };
  /** Null where all layers have the same bits. */
  readonly precision: MixedPrecision | null;
  /** Values by the metric's name. */
  readonly metrics: Compressed['metrics'];
  readonly seed: number;
  readonly warnings: readonly string[];
}

function summarize(
  { quantized, samples, metrics, seconds: took, seed }: Compressed,
  given: Omit<Summary, 'samples' | 'seconds' | 'fusion' | 'bits' | 'precision' | 'metrics' | 'seed' | 'warnings'>,
): Summary {
  const { fusion = null, precision = null, bits, warnings } = quantized;
  return { ...given, samples: samples.count, seconds: took, fusion, bits, precision, metrics, seed, warnings };
}

function describe(summary: Summary): string {
  const { fusion, precision, seconds: took, method, samples, fineTuning } = summary;
  const tuning = took.fineTuning > 0 ? `, fine-tuning ${seconds(took.fineTuning)}` : '';
  return [
    pairs([
      ['output', summary.output],
      ['size', sizeOf(summary)],
      ['bits', `weights ${weightBits(summary)}, activations ${activationBits(summary)}`],
      ['samples', `${samples} from ${method ?? summary.calibrateWith}`],
      ...fineTuningLines(fineTuning, summary.learned !== false),
      ...Object.entries(summary.metrics).map(([name, values]): [string, string] => [name, valuesOf(values)]),
      ['integer kernels', integerKernels(fusion)],
      [
        'time',
        `synthesis ${seconds(took.synthesis)}, calibration ${seconds(took.calibration)}${tuning}, total ${seconds(took.total)}`,
      ],
    ]),
    ...(precision === null ? [] : precisionLines(precision)),
    ...floatLayers(fusion),
  ].join('\n');
}

function weightBits({ bits, precision }: Summary): string {
  const chosen = precision?.table.find((row) => row.chosen);
  return chosen === undefined ? String(bits.weights) : `${chosen.averageBits.toFixed(2)} on average`;
}

function activationBits({ bits, precision }: Summary): string {
  const chosen = precision?.layers.map(({ activations }) => activations) ?? [];
  const [least, most] = [Math.min(...chosen), Math.max(...chosen)];
  return least < most ? `${least} to ${most}` : String(bits.activations);
}

function valuesOf(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value.toPrecision(4)}`)
    .join(', ');
}
