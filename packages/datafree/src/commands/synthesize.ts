import { join } from 'node:path';
import { contactSheet, type SampleOrigin, writeFileAtomic, writeSamples } from '@datafree/data';
import { Command } from 'commander';
import { type GeneralOptions, withGeneral } from '../arguments/general.ts';
import { type InputOptions, preprocessOf, withInput } from '../arguments/input.ts';
import { countFor, type MethodOptions, synthesizerFor, withMethod } from '../arguments/method.ts';
import { type RuntimeChoice, runtimeFacts, runtimeFor, withRuntime } from '../arguments/runtime.ts';
import { path } from '../arguments/values.ts';
import { type Console, openConsole } from '../console/console.ts';
import { seconds as inWords, pairs } from '../console/table.ts';
import { openModel } from '../model/open.ts';
import { checkSamplesFolder } from '../outputs.ts';
import { keepRun } from '../resume.ts';
import { runFolder } from '../runFolder.ts';
import { synthesize } from '../synthesis/spilling.ts';
import { varietyLines, varietyOf } from '../synthesis/variety.ts';
import type { Terminal } from '../terminal.ts';
import { version } from '../version.ts';

interface Options extends GeneralOptions, RuntimeChoice, InputOptions, MethodOptions {
  readonly output: string;
  readonly restart: boolean;
}

/** `datafree synthesize`: samples from a network alone. */
export function synthesizeCommand(terminal: Terminal): Command {
  const command = new Command('synthesize')
    .description('make samples from a network alone, with a contact sheet to look at')
    .argument('<model>', 'ONNX file')
    .requiredOption('-o, --output <folder>', 'where the samples go', path('output'))
    .option('--restart', 'discard what an interrupted run left, and replace other samples in the folder', false);
  withMethod(command);
  withInput(command);
  withRuntime(command);
  withGeneral(command);
  return command.action((model: string, options: Options) => run(model, options, openConsole(terminal, options)));
}

/** The contact sheet in a samples folder. */
const sheetName = 'contact-sheet.png';

async function run(path: string, options: Options, console: Console): Promise<void> {
  const { output, seed, threads, restart } = options;
  const preprocess = preprocessOf(options);
  const runtime = await runtimeFor(options);
  const synthesizer = await synthesizerFor(options);
  const { model } = await openModel(path, {
    preprocess,
    inputShape: options.inputShape,
    requireBatchNorm: synthesizer.supports.needsBatchNorm,
    logger: console.logger,
  });
  const count = countFor(options, model);
  const { name: method, options: settings } = synthesizer;
  const origin: SampleOrigin = { method, options: settings, seed, model: model.hash, versions: { datafree: version } };
  await checkSamplesFolder(output, { ...origin, count }, restart);
  const start = performance.now();
  const run = await runFolder(`${output.replace(/[/\\]+$/, '')}.run`, runtimeFacts(options));
  // The samples themselves go into the output folder at once.
  const store = { ...run, readSamples: async () => undefined, keepSamples: async <T>(samples: T) => samples };
  const samples = await keepRun(run, options, console, async () => {
    const made = await synthesize({
      model,
      runtime,
      synthesizer,
      count,
      seed,
      threads,
      store,
      signal: console.signal,
      onProgress: console.onProgress,
      logger: console.logger,
    });
    return writeSamples(output, made, { origin, grid: model.grid, existing: 'replace' });
  });
  const sheet = join(output, sheetName);
  await writeFileAtomic(sheet, await contactSheet(samples, { grid: model.grid }));
  const variety = await varietyOf(model, samples, { runtime, threads, signal: console.signal });
  await run.remove();
  const seconds = (performance.now() - start) / 1000;
  const { shape } = samples;
  console.result(
    {
      model: path,
      output,
      method,
      samples: count,
      shape,
      labelled: samples.labelled,
      ...variety,
      seconds,
      seed,
      contactSheet: sheet,
    },
    pairs([
      ['output', output],
      ['samples', `${count} of shape ${shape.join(' × ')} by ${method}, seed ${seed}`],
      ...varietyLines(variety),
      ['contact sheet', sheet],
      ['time', inWords(seconds)],
    ]),
  );
}
