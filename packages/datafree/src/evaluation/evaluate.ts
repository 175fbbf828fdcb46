import {
  DatafreeError,
  type ProgressListener,
  type SampleBatch,
  type SampleSet,
  throwIfAborted,
} from '@datafree/plugin';
import type { Contender } from './contender.ts';
import { cosines, decisions, equal, hits, type Scores, scoresOf } from './scores.ts';

/** What is known of one model after an evaluation. */
export interface Evaluation {
  /** Path of the file. */
  readonly model: string;
  readonly samples: number;
  /** Per cent of the samples whose label has the highest score; null without labels. */
  readonly top1: number | null;
  /** Per cent of the samples whose label is among the five highest scores; null without labels. */
  readonly top5: number | null;
  /** Per cent of the samples (or of their positions) where the decision is that of the first model. */
  readonly agreement: number;
  /** Mean cosine of the angle between the outputs of this model and the first one. */
  readonly cosine: number;
  /** Median over the batches, the models taking turns. */
  readonly msPerSample: number;
  /** Size of the file. */
  readonly bytes: number;
}

/** How an evaluation is done. */
export interface EvaluateOptions {
  /** Samples in a run. */
  readonly batch: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ProgressListener;
}

/**
 * Runs models side by side on the same samples: batch by batch each model in turn, in an order that rotates, so that
 * whatever else the machine does meets all of them alike.
 *
 * @throws `unsupported` for labels where a network classifies more than one position, `not-finite`, `aborted`, and what
 * running throws
 */
export async function evaluate(
  contenders: readonly Contender[],
  samples: SampleSet,
  { batch, signal, onProgress }: EvaluateOptions,
): Promise<readonly Evaluation[]> {
  const tallies = contenders.map(() => ({ top1: 0, top5: 0, agreement: 0, cosine: 0 }));
  const clock = new Stopwatches(contenders, batch);
  let done = 0;
  let positions = 1;
  for await (const part of samples.batches(batch)) {
    throwIfAborted(signal);
    const count = part.data.dims[0] as number;
    const scores = await clock.run(part, count);
    positions = (scores[0] as Scores).positions;
    checkLabels(scores[0] as Scores, part);
    const first = decisions(scores[0] as Scores);
    scores.forEach((own, m) => {
      const tally = tallies[m] as (typeof tallies)[number];
      tally.agreement += equal(decisions(own), first);
      tally.cosine += cosines(own, scores[0] as Scores);
      if (part.labels === undefined) return;
      tally.top1 += hits(own, part.labels, 1);
      tally.top5 += hits(own, part.labels, 5);
    });
    done += count;
    onProgress({ stage: 'evaluation', done, total: samples.count, unit: 'samples' });
  }
  await clock.repeat(signal);
  const percent = (count: number): number => (100 * count) / samples.count;
  return contenders.map(({ path, bytes }, m) => {
    const { top1, top5, agreement, cosine } = tallies[m] as (typeof tallies)[number];
    return {
      model: path,
      samples: samples.count,
      top1: samples.labelled ? percent(top1) : null,
      top5: samples.labelled ? percent(top5) : null,
      agreement: percent(agreement) / positions,
      cosine: cosine / samples.count,
      msPerSample: clock.median(m),
      bytes,
    };
  });
}

function checkLabels({ positions, classes }: Scores, { labels }: SampleBatch): void {
  if (labels === undefined) return;
  if (positions > 1) {
    throw new DatafreeError(
      'unsupported',
      `The network classifies ${positions} positions of each sample; there is one label.`,
      {
        hint: 'Evaluate without labels: the agreement with the first model needs none.',
      },
    );
  }
  const wrong = labels.find((label) => label < 0 || label >= classes);
  if (wrong === undefined) return;
  throw new DatafreeError('labels-length', `A label is ${wrong}, but the network has ${classes} classes.`, {
    hint: 'Give labels that count from 0, of the classes of this network.',
  });
}

/** Runs of a batch that a median is taken of, at least. */
const fewest = 15;
/** Milliseconds that runs for the median alone may take. */
const patience = 5000;

/** Times each model on the same batches. */
class Stopwatches {
  readonly #contenders: readonly Contender[];
  readonly #batch: number;
  /** Milliseconds per sample, by model. */
  readonly #times: number[][];
  #first: SampleBatch | undefined;
  #rounds = 0;

  constructor(contenders: readonly Contender[], batch: number) {
    this.#contenders = contenders;
    this.#batch = batch;
    this.#times = contenders.map(() => []);
  }

  /** Runs every model; a batch that is smaller than the others is not timed, nor is the first run of a model. */
  async run(part: SampleBatch, count: number): Promise<Scores[]> {
    if (this.#first === undefined) {
      for (const contender of this.#contenders) await contender.run(part);
      this.#first = part;
    }
    const timed = count === this.#batch || part === this.#first;
    const scores = new Array<Scores>(this.#contenders.length);
    for (let turn = 0; turn < this.#contenders.length; turn++) {
      const m = (turn + this.#rounds) % this.#contenders.length;
      const contender = this.#contenders[m] as Contender;
      const start = performance.now();
      const outputs = await contender.run(part);
      if (timed) this.#times[m]?.push((performance.now() - start) / count);
      scores[m] = scoresOf(outputs, count, contender.path);
    }
    this.#rounds++;
    return scores;
  }

  /** Runs the first batch again where there were too few batches for a median. */
  async repeat(signal: AbortSignal | undefined): Promise<void> {
    const end = performance.now() + patience;
    const part = this.#first;
    while (part !== undefined && (this.#times[0]?.length ?? 0) < fewest && performance.now() < end) {
      throwIfAborted(signal);
      await this.run(part, part.data.dims[0] as number);
    }
  }

  median(model: number): number {
    const sorted = [...(this.#times[model] as number[])].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    const upper = sorted[middle] as number;
    return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
  }
}
