import { writeFileAtomic } from '@datafree/data';
import { encodeModel } from '@datafree/onnx';
import { compress } from '@datafree/orchestrator';
import { defineQuantizer, type FusionReport, type Quantized, type Quantizer } from '@datafree/plugin';
import { fusionReport } from '@datafree/quantizer';
import { Command } from 'commander';
import { type DataOptions, dataFor, sampleShapeOf, withData } from '../arguments/data.ts';
import { type FineTuningOptions, fineTunerFor, withFineTuning } from '../arguments/fineTuning.ts';
import { type GeneralOptions, withGeneral } from '../arguments/general.ts';
import { type InputOptions, preprocessOf, withInput } from '../arguments/input.ts';
import { type RuntimeChoice, runtimeFacts, runtimeFor, withRuntime } from '../arguments/runtime.ts';
import { path, whole } from '../arguments/values.ts';
import { type Console, openConsole } from '../console/console.ts';
import { floatLayers, integerKernels } from '../console/fusion.ts';
import { pairs, seconds, sizeOf } from '../console/table.ts';
import { contextOf } from '../context.ts';
import { type FineTuned, fineTuningLines, LossRecord } from '../fineTuning/losses.ts';
import { warnOfUnlike } from '../inspection/unlike.ts';
import { openModel } from '../model/open.ts';
import { openQuantized } from '../model/openQuantized.ts';
import { checkOutputFile } from '../outputs.ts';
import { keepRun } from '../resume.ts';
import { runBeside } from '../runFolder.ts';
import type { Terminal } from '../terminal.ts';

interface Options extends GeneralOptions, RuntimeChoice, InputOptions, DataOptions, FineTuningOptions {
  readonly output: string;
  readonly samples: string;
  readonly weights?: number;
  readonly activations?: number;
  readonly report?: string;
  readonly restart: boolean;
}

/** `datafree finetune`: a quantised network learns from the network that it was made of. */
export function finetuneCommand(terminal: Terminal): Command {
  const command = new Command('finetune')
    .description('let a quantised network learn from the network that it was quantised from, without labels')
    .argument('<model>', 'ONNX file of the network in full precision')
    .argument('<quantized>', 'ONNX file of its quantised form, as datafree compress writes it')
    .requiredOption('--samples <data>', 'what it learns on: synthetic samples, or data of your own', path('samples'))
    .requiredOption('-o, --output <file>', 'where the tuned network goes', path('output'))
    .option('--report <file>', 'also write the result as JSON', path('report'))
    .option('--weights <bits>', 'bits of the weights (read from the file)', whole('weights', 2, 8))
    .option('--activations <bits>', 'bits of the activations (read from the file)', whole('activations', 2, 8))
    .option('--restart', 'discard what an interrupted run left instead of going on with it', false);
  withFineTuning(command, { alone: true });
  withInput(command);
  withData(command);
  withRuntime(command);
  withGeneral(command);
  return command.action((model: string, quantized: string, options: Options) =>
    run(model, quantized, options, openConsole(terminal, options)),
  );
}

async function run(path: string, quantizedPath: string, options: Options, console: Console): Promise<void> {
  const { output, report, samples: data, seed, threads } = options;
  const preprocess = preprocessOf(options);
  const runtime = await runtimeFor(options);
  const fineTuner = await fineTunerFor(options);
  const inputs = [path, quantizedPath, data];
  await checkOutputFile(output, inputs);
  if (report !== undefined) await checkOutputFile(report, inputs, output);
  const { model, file } = await openModel(path, { preprocess, inputShape: options.inputShape, logger: console.logger });
  const { quantized, file: quantizedFile } = await openQuantized(quantizedPath, model, options);
  const samples = await dataFor(data, sampleShapeOf(model), options, preprocess, console.logger);
  await warnOfUnlike(model, samples, data, contextOf(options, console, runtime));
  for (const warning of quantized.warnings) console.logger.warn(warning);
  const losses = new LossRecord();
  const store = await runBeside(output, data, runtimeFacts(options));
  const result = await keepRun(store, options, console, () =>
    compress({
      model,
      runtime,
      quantizer: already(quantized, quantizedFile.hash),
      fineTuner,
      samples,
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
  const summary: Summary = {
    model: path,
    quantized: quantizedPath,
    output,
    bytes: encoded.length,
    fp32Bytes: file.size(),
    method: fineTuner.name,
    preset: typeof fineTuner.options.preset === 'string' ? fineTuner.options.preset : null,
    data,
    samples: samples.count,
    bits: quantized.bits,
    learned: result.learned,
    fineTuning: losses.result(),
    fusion: (await fusionReport(result.quantized.graph, runtime)) ?? null,
    seconds: result.seconds.fineTuning,
    seed,
    warnings: result.quantized.warnings,
  };
  if (report !== undefined) await writeFileAtomic(report, `${JSON.stringify(summary, undefined, 2)}\n`);
  await store?.remove();
  for (const warning of result.quantized.warnings) console.logger.warn(warning);
  console.result(summary, describe(summary));
}

/** Stands for the quantisation that was done before. */
function already(quantized: Quantized, hash: string): Quantizer {
  return defineQuantizer({
    kind: 'quantizer',
    name: 'file',
    apiVersion: 1,
    supports: { needsSamples: false, weightBits: [], activationBits: [], deterministic: true },
    options: { ...quantized.bits, hash },
    quantize: async () => quantized,
  });
}

/** What `finetune --json` prints and `--report` writes. */
interface Summary {
  readonly model: string;
  readonly quantized: string;
  readonly output: string;
  readonly bytes: number;
  readonly fp32Bytes: number;
  readonly method: string;
  /** Null for a fine-tuner that has none. */
  readonly preset: string | null;
  readonly data: string;
  readonly samples: number;
  readonly bits: Quantized['bits'];
  /** False where learning was given up and the network stays as it was. */
  readonly learned: boolean;
  readonly fineTuning: FineTuned | null;
  /** Of the tuned network; null when the runtime cannot tell. */
  readonly fusion: FusionReport | null;
  readonly seconds: number;
  readonly seed: number;
  /** Among them whether learning was given up. */
  readonly warnings: readonly string[];
}

function describe(summary: Summary): string {
  const { output, bits, samples, data, learned, fineTuning, fusion, seconds: took } = summary;
  return [
    pairs([
      ['output', output],
      ['size', sizeOf(summary)],
      ['bits', `weights ${bits.weights}, activations ${bits.activations}`],
      ['samples', `${samples} from ${data}`],
      ...fineTuningLines(fineTuning, learned),
      ['integer kernels', integerKernels(fusion)],
      ['time', seconds(took)],
    ]),
    ...floatLayers(fusion),
  ].join('\n');
}
