import { elementCount, Random, type StepRunner, scalarOf, tensorOf } from '@datafree/core';
import {
  type Context,
  DatafreeError,
  type Model,
  type SampleBatch,
  type Tensor,
  type Tensors,
  throwIfAborted,
} from '@datafree/plugin';
import { augmenter as augmenterOf } from '../augment/augmenter.ts';
import { estimateInput } from '../estimate/estimate.ts';
import { balancedClasses, oneHot } from '../labels.ts';
import { Stagnation } from '../schedule.ts';
import type { InversionSettings } from '../settings.ts';
import { assumedInput } from '../space/assumed.ts';
import { inputOf, searchSpace, spreadOf } from '../space/space.ts';
import { classCount } from '../terms/logits.ts';
import { automaticBatch } from './batchSize.ts';
import { checkIterate } from './checkIterate.ts';
import { FinishedBatches } from './finished.ts';
import { startOf } from './start.ts';
import { feeds, type Step, samplesState, writeStep } from './step.ts';
import { iterationsTogether } from './together.ts';

/** How many samples are optimised together where the network leaves the choice. */
const usualBatch = 64;

/**
 * Optimises samples, batch by batch, until the network's view of them is what the terms ask for, and hands out every
 * batch as it is finished. The same seed gives the same bytes, also where a run was interrupted and went on from its
 * checkpoint, on one machine and with one number of threads.
 *
 * @param request.count number of samples in all
 * @throws `batchnorm-missing`, `input-unsupported`, `unsupported`, `operator-no-gradient`, `not-finite`, `aborted`,
 *   `runtime-failed`
 */
export async function* invert(
  model: Model,
  settings: InversionSettings,
  request: { readonly count: number },
  context: Context,
): AsyncGenerator<SampleBatch, void, undefined> {
  throwIfAborted(context.signal);
  const { count } = request;
  const { iterations, copies } = settings;
  const fixed = fixedBatch(model, settings);
  const largest = fixed ?? settings.batch ?? automaticBatch(model, copies, usualBatch);
  const batches = Math.ceil(count / largest);
  // All batches are of one size, so that one graph serves them; what is left over of the last one is dropped.
  const batch = fixed ?? Math.ceil(count / batches);
  const random = new Random(context.seed);
  const finished = new FinishedBatches(context.checkpoint, checkpointPrefix(model, settings, batch, batches, random));

  const estimate = await estimateInput(model, assumedInput(model), context);
  const space = searchSpace(model, estimate);
  const augmenter = augmenterOf(settings.augmentations, batch * copies, space.shape, {
    mean: estimate.mean,
    margin: space.bounded ? space.offset : estimate.mean,
  });
  const pace = settings.start === 'estimated' ? spreadOf(space, estimate) : 1;
  const step = writeStep({ model, settings, batch, space, estimate, augmenter });
  const labels = settings.labelled
    ? balancedClasses(classCount(model), batches * batch, random.fork('classes'))
    : undefined;
  const samples = batch * elementCount(space.shape);

  let runner: StepRunner | undefined;
  let initial: ReadonlyMap<string, Tensor> = new Map();
  try {
    for (let index = 0; index < batches; index++) {
      const own = labels?.subarray(index * batch, (index + 1) * batch);
      let input = await finished.restore(index, step.means, samples);
      if (input !== undefined) {
        report(context, settings, (index + 1) * iterations, batches);
      } else {
        if (runner === undefined) {
          const repeated = iterationsTogether(samples) > 1;
          runner = await step.program.compile(context.runtime, { threads: context.threads, repeated });
          initial = new Map(runner.states);
        }
        for (const [name, value] of initial) runner.set(name, value);
        const seeds = random.fork('batch', index);
        const start = startOf(settings, space, estimate, batch, seeds.fork('start'));
        runner.set(samplesState, tensorOf('float32', [batch, ...space.shape], start));
        const best = await optimise(
          { settings, pace, step, runner, context, index, batches, finished },
          (iteration) => ({
            ...augmenter.draw(seeds.fork('views', iteration)),
            ...(own && {
              [feeds.classes]: tensorOf('float32', [batch, classCount(model)], oneHot(own, classCount(model))),
            }),
          }),
        );
        input = inputOf(space, best.unit);
        await finished.store(index, input, best.means);
      }
      const kept = Math.min(batch, count - index * batch);
      yield {
        data: tensorOf('float32', [kept, ...space.shape], input.subarray(0, kept * elementCount(space.shape))),
        ...(own && { labels: own.slice(0, kept) }),
      };
    }
  } finally {
    await runner?.dispose();
  }
}

/** The batch of a network that takes no other. @throws `unsupported` when copies were asked for */
function fixedBatch(model: Model, settings: InversionSettings): number | undefined {
  const [size] = model.input.shape;
  if (typeof size !== 'number') return undefined;
  if (settings.copies === 1) return size;
  throw new DatafreeError(
    'unsupported',
    `The network takes batches of ${size} only, which leaves no room for copies.`,
    {
      plugin: settings.name,
      hint: 'Set copies to 1, or export the network with a free batch axis.',
    },
  );
}

interface Batch {
  readonly settings: InversionSettings;
  /** Factor of all learning rates. */
  readonly pace: number;
  readonly step: Step;
  readonly runner: StepRunner;
  readonly context: Context;
  readonly index: number;
  readonly batches: number;
  readonly finished: FinishedBatches;
}

interface Best {
  readonly loss: number;
  /** Samples in the search space. */
  readonly unit: Float32Array;
  /** The batch's own part of each mean over the set. */
  readonly means: readonly Float32Array[];
}

/** Runs the iterations of one batch and returns its best iterate. */
async function optimise(
  { settings, pace, step, runner, context, index, batches, finished }: Batch,
  draw: (iteration: number) => Record<string, Tensor>,
): Promise<Best> {
  const { iterations, learningRate, projection } = settings;
  const factor = settings.schedule(iterations);
  const stagnation = new Stagnation();
  const constant = {
    [feeds.share]: scalarOf('float32', 1 / (index + 1)),
    ...Object.fromEntries(step.means.map(({ input, shape }, k) => [input, finished.mean(k, shape)])),
  };
  const together = runner.repeats ? iterationsTogether(elementCount(runner.get(samplesState).dims)) : 1;
  let best: Best | undefined;
  let losses: readonly number[] = [];
  for (let iteration = 0; iteration < iterations; iteration += losses.length) {
    throwIfAborted(context.signal);
    // Samples are seen where a run begins: the last iteration is a run of its own, so that it counts.
    const steps = Math.max(1, Math.min(together, iterations - 1 - iteration));
    const known = losses;
    const rates = Array.from({ length: steps }, (_, i) => pace * learningRate * factor(iteration + i, known[i]));
    const before = runner.get(samplesState);
    const reads = await runner.steps(
      rates.map((rate, i) => ({
        ...draw(iteration + i),
        ...constant,
        [feeds.rate]: scalarOf('float32', rate),
        [feeds.project]: scalarOf('float32', projectsAt(projection, iteration + i) ? 1 : 0),
      })),
    );
    const values = (name: string, i: number) => (reads[i] as Tensors)[name]?.data as Float32Array;
    const value = (name: string, i: number) => values(name, i)[0] as number;
    losses = reads.map((_, i) => value('loss', i));
    const at = Math.max(
      0,
      losses.findIndex((loss) => !Number.isFinite(loss)),
    );
    const [loss, rate] = [losses[at] as number, rates[at] as number];
    const after = runner.get(samplesState);
    checkIterate({ settings, index, iteration: iteration + at, loss, rate, before, after });
    if (best === undefined || loss < best.loss) {
      const unit = (before.data as Float32Array).slice();
      best = { loss, unit, means: step.means.map(({ read }) => values(read, 0).slice()) };
    }
    let ends = false;
    for (let i = 0; i < steps && !ends; i++) {
      const terms = Object.fromEntries([...step.terms].map(([name, read]) => [name, value(read, i)]));
      ends = settings.patience !== undefined && stagnation.observe(losses[i] as number) >= settings.patience;
      const done = index * iterations + (ends ? iterations : iteration + i + 1);
      report(context, settings, done, batches, { loss: losses[i] as number, ...terms, rate: rates[i] as number });
    }
    if (ends) break;
  }
  return best as Best;
}

function projectsAt(projection: InversionSettings['projection'], iteration: number): boolean {
  return typeof projection === 'number' && iteration % projection === 0;
}

function report(
  context: Context,
  settings: InversionSettings,
  done: number,
  batches: number,
  values?: Readonly<Record<string, number>>,
): void {
  const total = batches * settings.iterations;
  context.onProgress({ stage: 'synthesis', unit: 'iterations', done, total, ...(values && { values }) });
}

function checkpointPrefix(
  model: Model,
  settings: InversionSettings,
  batch: number,
  batches: number,
  random: Random,
): string {
  const run = random.fork(model.hash, settings.name, settings.identity, batch, batches).seed >>> 0;
  return `${settings.name}-${run.toString(16).padStart(8, '0')}`;
}
