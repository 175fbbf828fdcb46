import { basename } from 'node:path';
import { checkNetwork, checkPlan, type Plan } from '@datafree/orchestrator';
import { DatafreeError, type Synthesizer } from '@datafree/plugin';
import { Command, Option } from 'commander';
import { type DataOptions, dataFor, sampleShapeOf, withData } from '../arguments/data.ts';
import { type FineTuningOptions, fineTunerFor, withFineTuning } from '../arguments/fineTuning.ts';
import { type GeneralOptions, withGeneral } from '../arguments/general.ts';
import { type GridOptions, withGrid } from '../arguments/grid.ts';
import { type InputOptions, preprocessOf, withInput } from '../arguments/input.ts';
import { synthesizerFor } from '../arguments/method.ts';
import { withQuantization } from '../arguments/quantization.ts';
import { type QuantizerChoice, quantizersFor, withQuantizer } from '../arguments/quantizer.ts';
import { type RuntimeChoice, runtimeFacts, runtimeFor, withRuntime } from '../arguments/runtime.ts';
import { path, whole } from '../arguments/values.ts';
import { type Cell, type CellKey, describeCell, type Group, realMethod } from '../comparison/cell.ts';
import { ComparisonFolder } from '../comparison/folder.ts';
import { type Comparison, type DataSource, finishGroup, isFinished, type Source } from '../comparison/group.ts';
import { finishInProcesses, jobsFor } from '../comparison/jobs.ts';
import { csvOf, markdownOf, type Row, rowsOf, textOf } from '../comparison/summary.ts';
import { openConsole } from '../console/console.ts';
import { dataDigest } from '../dataDigest.ts';
import { openModel } from '../model/open.ts';
import { keepRun } from '../resume.ts';
import type { Terminal } from '../terminal.ts';

interface Options
  extends GeneralOptions,
    RuntimeChoice,
    InputOptions,
    DataOptions,
    QuantizerChoice,
    FineTuningOptions,
    GridOptions {
  readonly data: string;
  readonly labels?: string;
  readonly run?: string;
  readonly jobs?: number;
  readonly only?: string;
  readonly csv: boolean;
  readonly markdown: boolean;
  readonly restart: boolean;
}

/** `datafree compare`: methods against each other on one network. */
export function compareCommand(terminal: Terminal): Command {
  const command = new Command('compare')
    .description('compare methods, bits and seeds on one network: mean and spread of each cell of the grid')
    .argument('<model>', 'ONNX file')
    .requiredOption('--data <data>', 'what the quantised networks are measured on', path('data'))
    .option('--labels <file>', 'classes: .u8, .u16 or .npy (those in the data when absent)', path('labels'))
    .option('--run <folder>', 'where finished cells are kept (MODEL.compare in the working directory)', path('run'))
    .option('--jobs <number>', 'processes that work at the same time (as many as have a core)', whole('jobs', 1, 1024))
    .option('--only <method:seed>', 'finish the cells of one method and seed alone')
    .addOption(new Option('--csv', 'print the table as comma-separated values').default(false).conflicts('markdown'))
    .option('--markdown', 'print the table in Markdown', false)
    .option('--restart', 'discard the cells that are kept instead of going on with them', false);
  withGrid(command);
  withQuantization(command);
  withQuantizer(command);
  withFineTuning(command);
  withInput(command);
  withData(command);
  withRuntime(command);
  withGeneral(command);
  return command.action((model: string, options: Options) => run(model, options, terminal));
}

async function run(path: string, options: Options, terminal: Terminal): Promise<void> {
  const console = openConsole(terminal, options);
  const { data, labels, threads, samples: count } = options;
  const preprocess = preprocessOf(options);
  const runtime = await runtimeFor(options);
  const bits = options.bits ?? [{ weights: options.weights ?? 8, activations: options.activations ?? 8 }];
  const quantizerOf = await quantizersFor(options);
  const fineTuner = options.finetune ? await fineTunerFor(options) : undefined;
  const sources = await synthesizersFor(options);
  const { model } = await openModel(path, {
    preprocess,
    inputShape: options.inputShape,
    requireBatchNorm: [...sources.values()].some((source) => source.supports.needsBatchNorm),
    logger: console.logger,
  });
  const shape = sampleShapeOf(model);
  const [, classes] = model.output.shape;
  const measured = await dataFor(
    data,
    shape,
    { ...options, labels, classes: typeof classes === 'number' ? classes : undefined },
    preprocess,
    console.logger,
  );
  const { limit, resize, shape: rawShape, withReal } = options;
  const kept = folderOf(path, options);
  const real: DataSource | undefined =
    withReal === undefined
      ? undefined
      : {
          samples: await dataFor(withReal, shape, options, preprocess, console.logger),
          options: { data: withReal, digest: await dataDigest(withReal, kept) },
        };
  const all = new Map<string, Source>([...sources, ...(real ? [[realMethod, real] as const] : [])]);
  const groups = groupsOf([...all.keys()], options);
  const { name, options: own } = quantizerOf();
  const { weights: _weights, activations: _activations, ...common } = own;
  const facts = {
    model: model.hash,
    preprocess,
    data: {
      data: await dataDigest(data, kept),
      labels: labels && (await dataDigest(labels, kept)),
      limit,
      resize,
      shape: rawShape,
    },
    samples: count,
    quantizer: { name, ...common },
    ...runtimeFacts(options),
    fineTuner: fineTuner && { name: fineTuner.name, ...fineTuner.options },
  };
  const plan: Plan = { model, runtime, count, seed: options.seed, threads };
  const given = [...all.values()].map((source) =>
    'synthesize' in source ? { synthesizer: source } : { samples: source.samples },
  );
  const quantizers = bits.map(quantizerOf);
  for (const own of given) for (const quantizer of quantizers) checkPlan({ ...plan, ...own, quantizer, fineTuner });
  for (const own of [...given, ...quantizers.map((quantizer) => ({ quantizer, fineTuner }))]) {
    checkNetwork({ ...plan, ...own });
  }
  const folder = await ComparisonFolder.open(kept, facts, {
    restart: options.restart,
    logger: console.logger,
  });

  const total = groups.length * bits.length;
  const finished = new Set<string>();
  const onCell = (cell: CellKey): void => {
    const name = describeCell(cell);
    if (finished.has(name)) return;
    finished.add(name);
    console.onProgress({ stage: 'cells', done: finished.size, total, unit: 'cells' });
  };
  const comparison: Comparison = {
    path,
    model,
    folder,
    bits,
    count,
    quantizerOf,
    fineTuner,
    data: measured,
    runtime,
    threads,
    signal: console.signal,
    onProgress: console.onProgress,
    logger: console.logger,
    onCell,
  };
  const sourceOf = (group: Group): Source => all.get(group.method) as Source;
  const cells = await keepRun(folder, { restart: false }, console, async () => {
    if (terminal.command !== undefined) {
      await finishByProcesses(comparison, groups, sourceOf, { command: terminal.command, jobs: options.jobs });
    }
    const found: Cell[] = [];
    for (const group of groups) found.push(...(await finishGroup(comparison, group, sourceOf(group))));
    return found;
  });
  const rows = rowsOf(cells);
  const fp32 = cells[0]?.fp32 ?? { top1: null };
  console.result(
    { model: path, data, run: folder.path, samples: count, evaluated: measured.count, fp32, rows, cells },
    describe(rows, fp32.top1, options),
  );
}

/** Lets processes finish what is not finished; what they leave in the folder is read afterwards. */
async function finishByProcesses(
  comparison: Comparison,
  groups: readonly Group[],
  sourceOf: (group: Group) => Source,
  { command, jobs: wanted }: { readonly command: readonly string[]; readonly jobs: number | undefined },
): Promise<void> {
  const { bits, threads, signal, onCell } = comparison;
  const unfinished: Group[] = [];
  for (const group of groups) if (!(await isFinished(comparison, group, sourceOf(group)))) unfinished.push(group);
  const jobs = jobsFor(unfinished.length, { wanted, threads });
  if (jobs === 1) return;
  const onFinished = (group: Group): void => {
    for (const own of bits) onCell({ ...group, bits: own });
  };
  await finishInProcesses(unfinished, { command, jobs, threads, signal, onFinished });
}

/** The synthesizers by the names that they were asked for. */
async function synthesizersFor({ methods, methodOption = [] }: Options): Promise<ReadonlyMap<string, Synthesizer>> {
  const stray = methodOption.find(({ of }) => !methods.includes(of));
  if (stray !== undefined) {
    throw new DatafreeError('option-invalid', `--method-option: "${stray.of}" is none of the methods.`, {
      path: 'methodOption',
      hint: `They are ${methods.join(', ')}.`,
    });
  }
  const found = new Map<string, Synthesizer>();
  for (const method of methods) {
    const option = methodOption.filter((own) => own.of === method).map((own) => own.assignment);
    found.set(method, await synthesizerFor({ method, option }));
  }
  return found;
}

/** Methods and seeds, those of one method together. */
function groupsOf(methods: readonly string[], { seed, seeds, only }: Options): readonly Group[] {
  const groups = methods.flatMap((method) => Array.from({ length: seeds }, (_, i) => ({ method, seed: seed + i })));
  if (only === undefined) return groups;
  const chosen = groups.filter((group) => `${group.method}:${group.seed}` === only);
  if (chosen.length > 0) return chosen;
  throw new DatafreeError('option-invalid', `--only: the grid has no "${only}".`, {
    path: 'only',
    hint: `It has ${groups.map((group) => `${group.method}:${group.seed}`).join(', ')}.`,
  });
}

function folderOf(path: string, { run }: Options): string {
  return run ?? `${basename(path).replace(/\.onnx$/, '')}.compare`;
}

function describe(rows: readonly Row[], fp32: number | null, { csv, markdown }: Options): string {
  if (csv) return csvOf(rows);
  return markdown ? markdownOf(rows, fp32) : textOf(rows, fp32);
}
