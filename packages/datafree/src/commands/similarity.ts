import type { SampleSet } from '@datafree/plugin';
import { compareDataSets, type DataSetSimilarity } from '@datafree/similarity';
import { Command } from 'commander';
import { type DataOptions, dataFor, sampleShapeOf, withData } from '../arguments/data.ts';
import { type GeneralOptions, withGeneral } from '../arguments/general.ts';
import { type InputOptions, preprocessOf, withInput } from '../arguments/input.ts';
import { type RuntimeChoice, runtimeFor, withRuntime } from '../arguments/runtime.ts';
import { type Console, openConsole } from '../console/console.ts';
import { table } from '../console/table.ts';
import { contextOf } from '../context.ts';
import { openModel } from '../model/open.ts';
import type { Terminal } from '../terminal.ts';

interface Options extends GeneralOptions, RuntimeChoice, InputOptions, DataOptions {
  readonly layers: boolean;
}

/** `datafree similarity`: how alike data sets are to what the network was trained on. */
export function similarityCommand(terminal: Terminal): Command {
  const command = new Command('similarity')
    .description('how alike data sets are to what a network was trained on, by its BatchNormalization statistics')
    .argument('<model>', 'ONNX file')
    .argument('<data...>', 'data sets, side by side')
    .option('--layers', 'also print each layer', false);
  withData(command);
  withInput(command);
  withRuntime(command);
  withGeneral(command);
  return command.action((model: string, data: string[], options: Options) =>
    run(model, data, options, openConsole(terminal, options)),
  );
}

async function run(path: string, data: readonly string[], options: Options, console: Console): Promise<void> {
  const preprocess = preprocessOf(options);
  const runtime = await runtimeFor(options);
  const { model } = await openModel(path, { preprocess, inputShape: options.inputShape, logger: console.logger });
  const sets = new Map<string, SampleSet>();
  for (const name of data) {
    sets.set(name, await dataFor(name, sampleShapeOf(model), options, preprocess, console.logger));
  }
  const results = await compareDataSets(model, Object.fromEntries(sets), contextOf(options, console, runtime));
  console.result({ model: path, data: results, seed: options.seed }, describe(results, options.layers));
}

function describe(results: readonly DataSetSimilarity[], layers: boolean): string {
  const sorted = [...results].sort((a, b) => a.divergence - b.divergence);
  const total = table(
    ['data', 'samples', 'divergence', '± (95 %)'],
    sorted.map(({ name, samples, divergence, spread }) => [name, String(samples), nats(divergence), nats(spread)]),
  );
  if (!layers) return total;
  const nodes = sorted[0]?.layers.map((layer) => layer.node) ?? [];
  const each = table(
    ['layer', ...sorted.map(({ name }) => name)],
    nodes.map((node, i) => [node, ...sorted.map(({ layers }) => nats(layers[i]?.divergence ?? Number.NaN))]),
  );
  return `${total}\n\n${each}`;
}

function nats(value: number): string {
  return value.toPrecision(4);
}
