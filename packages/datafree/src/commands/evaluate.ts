import { openSamples, writeFileAtomic } from '@datafree/data';
import { Command } from 'commander';
import { type DataOptions, dataFor, withData } from '../arguments/data.ts';
import { type GeneralOptions, withGeneral } from '../arguments/general.ts';
import { type InputOptions, preprocessOf, withInput } from '../arguments/input.ts';
import { path, whole } from '../arguments/values.ts';
import { type Console, openConsole } from '../console/console.ts';
import { bytes, table } from '../console/table.ts';
import { type Evaluation, evaluate } from '../evaluation/evaluate.ts';
import { withContenders } from '../evaluation/evaluateModels.ts';
import { checkOutputFile } from '../outputs.ts';
import type { Terminal } from '../terminal.ts';

interface Options extends GeneralOptions, InputOptions, DataOptions {
  readonly data: string;
  readonly labels?: string;
  readonly batch: number;
  readonly report?: string;
}

/** `datafree evaluate`: models side by side on data. */
export function evaluateCommand(terminal: Terminal): Command {
  const command = new Command('evaluate')
    .description('run models side by side on data: accuracy, agreement with the first model, time, size')
    .argument('<models...>', 'ONNX files, the first one being what the others are compared with')
    .requiredOption('--data <data>', 'what to run them on', path('data'))
    .option('--labels <file>', 'classes: .u8, .u16 or .npy (those in the data when absent)', path('labels'))
    .option('--batch <number>', 'samples in a run', whole('batch', 1), 32)
    .option('--report <file>', 'also write the result as JSON', path('report'));
  withData(command);
  withInput(command);
  withGeneral(command);
  return command.action((models: string[], options: Options) => run(models, options, openConsole(terminal, options)));
}

async function run(models: readonly string[], options: Options, console: Console): Promise<void> {
  const { data, labels, report, threads, inputShape } = options;
  const preprocess = preprocessOf(options);
  if (report !== undefined) await checkOutputFile(report, [...models, data, labels]);
  const { logger } = console;
  const sampleShape = await storedShape(data);
  await withContenders(models, { threads, inputShape, sampleShape, logger }, async (contenders) => {
    const [{ shape, classes }] = contenders;
    const samples = await dataFor(data, shape, { ...options, labels, classes }, preprocess, logger);
    const batch = Math.min(options.batch, samples.count);
    const { signal, onProgress } = console;
    const results = await evaluate(contenders, samples, { batch, signal, onProgress });
    const summary = { models: results, batch };
    if (report !== undefined) await writeFileAtomic(report, `${JSON.stringify(summary, undefined, 2)}\n`);
    console.result(summary, describe(results, batch));
  });
}

/** Shape of the samples in a samples folder; undefined for other data, and for a folder that cannot be read. */
function storedShape(data: string): Promise<readonly number[] | undefined> {
  return openSamples(data).then(
    ({ shape }) => shape,
    () => undefined,
  );
}

function describe(results: readonly Evaluation[], batch: number): string {
  const percent = (value: number | null): string => (value === null ? '–' : value.toFixed(2));
  const rows = results.map((result) => [
    result.model,
    percent(result.top1),
    percent(result.top5),
    percent(result.agreement),
    result.cosine.toFixed(4),
    result.msPerSample.toPrecision(3),
    bytes(result.bytes),
  ]);
  const head = ['model', 'top-1 %', 'top-5 %', 'agreement %', 'cosine', 'ms/sample', 'size'];
  return `${table(head, rows)}\n${results[0]?.samples} samples, batches of ${batch}`;
}
