import { compress, type StageOptions, synthesize } from '@datafree/orchestrator';
import type { FineTuner, Model, Quantizer, SampleSet, Synthesizer } from '@datafree/plugin';
import type { Bits } from '../arguments/grid.ts';
import { evaluateModels } from '../evaluation/evaluateModels.ts';
import { saveModel } from '../model/save.ts';
import { runFolder } from '../runFolder.ts';
import type { Cell, CellKey, Group } from './cell.ts';
import { drawn } from './drawn.ts';
import type { ComparisonFolder } from './folder.ts';

/** What all cells of a comparison are made with. */
export interface Comparison extends Omit<StageOptions, 'seed' | 'checkpoint'> {
  /** Path of the network in full precision. */
  readonly path: string;
  readonly model: Model;
  readonly folder: ComparisonFolder;
  readonly bits: readonly Bits[];
  /** How many samples a cell is calibrated on. */
  readonly count: number;
  readonly quantizerOf: (bits: Bits) => Quantizer;
  readonly fineTuner: FineTuner | undefined;
  /** What the cells are measured on. */
  readonly data: SampleSet;
  /** Called with each cell, also those that were finished before. */
  readonly onCell: (cell: CellKey) => void;
}

/** Where the samples of a group come from: a synthesizer, or data that they are drawn from. */
export type Source = Synthesizer | DataSource;

/** Data that samples are drawn from. */
export interface DataSource {
  readonly samples: SampleSet;
  /** What tells it from other data. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Samples that a run evaluates at once. */
const evaluated = 64;

/**
 * Finishes the cells of one method and seed, which share their samples. Finished ones are taken from the folder.
 *
 * @returns in the order of the bits
 */
export async function finishGroup(comparison: Comparison, group: Group, source: Source): Promise<readonly Cell[]> {
  const { folder, onCell } = comparison;
  const { options } = source;
  let run: string | undefined;
  let made: Promise<Made> | undefined;
  const samples = async (): Promise<Made> => {
    run ??= await folder.takeRun(group);
    made ??= samplesOf(comparison, group, source, run);
    return made;
  };
  const cells: Cell[] = [];
  try {
    for (const bits of comparison.bits) {
      const key = { method: group.method, bits, seed: group.seed };
      let cell = await folder.read(key, options);
      if (cell === undefined) {
        cell = await finishCell(comparison, key, options, await samples());
        await folder.write(cell);
      }
      onCell(cell);
      cells.push(cell);
    }
  } catch (error) {
    if (run !== undefined) await folder.leaveRun(run);
    throw error;
  }
  await folder.discardRuns(group, run);
  return cells;
}

async function finishCell(
  comparison: Comparison,
  key: CellKey,
  options: Cell['options'],
  { samples, seconds: synthesis }: Made,
): Promise<Cell> {
  const { folder, model, fineTuner, data, threads, signal, onProgress } = comparison;
  const { quantized, seconds } = await compress({
    ...stageOf(comparison),
    model,
    fineTuner,
    seed: key.seed,
    quantizer: comparison.quantizerOf(key.bits),
    samples,
  });
  return folder.withModel(key, async (file) => {
    const bytes = await saveModel(file, quantized.graph);
    const models = [comparison.path, file];
    const results = await evaluateModels({ models, samples: data, batch: evaluated, threads, signal, onProgress });
    const [fp32, own] = results as [(typeof results)[0], (typeof results)[0]];
    const { calibration, fineTuning } = seconds;
    return {
      ...key,
      options,
      samples: samples.count,
      top1: own.top1,
      agreement: own.agreement,
      cosine: own.cosine,
      bytes,
      seconds: { synthesis, calibration, fineTuning, total: synthesis + calibration + fineTuning },
      fp32: { top1: fp32.top1 },
    };
  });
}

/** What of a comparison every stage is given. */
function stageOf({
  runtime,
  threads,
  signal,
  onProgress,
  logger,
}: Comparison): Omit<StageOptions, 'seed' | 'checkpoint'> {
  return { runtime, threads, signal, onProgress, logger };
}

/** True when all cells of a group are finished. @throws `resume-mismatch` */
export async function isFinished({ folder, bits }: Comparison, group: Group, { options }: Source): Promise<boolean> {
  const cells = await Promise.all(bits.map((own) => folder.read({ ...group, bits: own }, options)));
  return cells.every((cell) => cell !== undefined);
}

interface Made {
  readonly samples: SampleSet;
  /** Seconds that it took, those of interrupted runs too. */
  readonly seconds: number;
}

async function samplesOf(comparison: Comparison, group: Group, source: Source, path: string): Promise<Made> {
  const { folder, model, count } = comparison;
  const { seed } = group;
  if (!('synthesize' in source)) return { samples: await drawn(source.samples, count, seed), seconds: 0 };
  // Messages name the folder as it is called when this run has ended.
  const store = { ...(await runFolder(path)), path: folder.runOf(group) };
  const before = await store.checkpoint.read(key);
  const start = performance.now();
  const seconds = (): number =>
    (performance.now() - start) / 1000 + (before === undefined ? 0 : Number(new TextDecoder().decode(before)));
  try {
    const samples = await synthesize({ ...stageOf(comparison), model, synthesizer: source, count, seed, store });
    return { samples, seconds: seconds() };
  } finally {
    if (await store.begun()) await store.checkpoint.write(key, new TextEncoder().encode(String(seconds())));
  }
}

/** Where the seconds of synthesis are kept beside the samples. */
const key = 'seconds';
