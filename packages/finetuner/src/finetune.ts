import {
  numbersOf,
  operatorSetOf,
  Random,
  type StepProgram,
  type StepRunner,
  scalarOf,
  tensorOf,
} from '@datafree/core';
import {
  type Augmentation,
  type Augmenter,
  assumedInput,
  augmenter as augmenterOf,
  blur,
  crop,
  cutout,
  flip,
  jitter,
  shift,
} from '@datafree/inversion';
import { foldBatchNorms } from '@datafree/onnx';
import {
  type BatchNormSite,
  type Context,
  checkGiven,
  DatafreeError,
  defineFineTuner,
  type FineTuner,
  type Model,
  type Quantized,
  type SampleSet,
  type Tensor,
  throwIfAborted,
} from '@datafree/plugin';
import {
  batchOf,
  exportStudent,
  findQuantisers,
  foldedBatchNorms,
  packStates,
  unpackStates,
  withoutTies,
} from '@datafree/student';
import { unlessAstray } from './astray.ts';
import { mixingMatrix } from './loop/mix.ts';
import { paceFor, triedSteps } from './loop/pace.ts';
import { Patience } from './loop/patience.ts';
import { SamplePool } from './loop/pool.ts';
import { feeds, writeStep } from './loop/step.ts';
import { type FineTunerOptions, type ParsedOptions, parseFineTunerOptions } from './options.ts';
import { schedules } from './schedule.ts';

function augmentationsOf({ augmentations, shiftBy }: ParsedOptions): Augmentation[] {
  const known = { flip, shift: () => shift(shiftBy), crop, blur, cutout, jitter };
  return augmentations.map((name) => known[name]());
}

/**
 * Fine-tuning by knowledge distillation: the full-precision network teaches its quantised self on samples, without a
 * label (Haroush et al., "The Knowledge Within", section 3.5), with learned step sizes (Esser et al. 2020).
 *
 * @throws `option-invalid`. `fineTune` throws `data-shape`, `data-empty`, `unsupported`, `operator-no-gradient`,
 *   `not-finite`, `aborted`, `resume-mismatch` and `runtime-failed`
 */
export function distil(options: FineTunerOptions = {}): FineTuner {
  const parsed = parseFineTunerOptions(options);
  const every = [2, 3, 4, 5, 6, 7, 8];
  return defineFineTuner({
    kind: 'fine-tuner',
    name: 'distil',
    apiVersion: 1,
    supports: {
      needsGradients: true,
      needsLabels: false,
      weightBits: every,
      activationBits: every,
      deterministic: true,
    },
    options: parsed,
    check: (_model, quantizer) => {
      const tensors = quantizer?.name === 'quantizer' && quantizer.options.granularity === 'tensor';
      if (tensors && parsed.batchNorm === 'following') {
        throw new DatafreeError(
          'unsupported',
          'Weights with one step size for all channels leave no place for moments.',
          {
            path: 'batchNorm',
            hint: "Quantise with granularity 'channel', or set batchNorm to 'frozen'.",
          },
        );
      }
    },
    fineTune: (model, quantized, samples, context) => fineTune(model, quantized, samples, context, parsed),
  });
}

/** What {@link distillationStep} gives. */
export interface DistillationStep {
  readonly program: StepProgram;
  /** Of the samples; its `draw` draws the feeds of the augmentations. */
  readonly augmenter: Augmenter;
  /** The BatchNormalizations that follow, without which the student cannot be exported. */
  readonly batchNorms: ReadonlyMap<string, BatchNormSite> | undefined;
}

/**
 * One step of {@link distil} as a graph, and what goes with it.
 *
 * @throws `unsupported` when BatchNormalizations follow and a layer has one step size for all channels,
 *   `operator-no-gradient`
 */
export function distillationStep(
  model: Model,
  quantized: Quantized,
  batch: number,
  options: ParsedOptions,
): DistillationStep {
  const shape = model.input.shape.slice(1) as number[];
  const { mean, deviation } = assumedInput(model);
  const augmenter = augmenterOf(augmentationsOf(options), batch, shape, { mean, deviation });
  const folded = foldBatchNorms(model.graph, operatorSetOf(model));
  const batchNorms = options.batchNorm === 'following' ? foldedBatchNorms(model, folded) : undefined;
  const program = writeStep({ model, folded, quantised: quantized.graph, batchNorms, augmenter, batch, options });
  return { program, augmenter, batchNorms };
}

/** Steps between two checkpoints. */
const checkpointEvery = 100;

async function fineTune(
  model: Model,
  quantized: Quantized,
  samples: SampleSet,
  context: Context,
  options: ParsedOptions,
): Promise<Quantized> {
  checkGiven('distil', { model, quantized, samples, context });
  throwIfAborted(context.signal);
  if (findQuantisers(quantized.graph).weights.length === 0) {
    throw new DatafreeError('unsupported', 'The network has no layer of quantised weights that could learn.', {
      plugin: 'distil',
      hint: 'Give it what a quantizer has made of this very network.',
    });
  }
  const batch = batchOf(model, samples, options.batch);
  const random = new Random(context.seed).fork('fine-tuning');
  const { program, augmenter, batchNorms } = distillationStep(model, quantized, batch, options);
  const runner = await program.compile(context.runtime, { threads: context.threads });
  try {
    const pool = new SamplePool(samples, batch, random);
    await run(runner, pool, { context, options, batch, random, sampleShape: samples.shape, draw: augmenter.draw });
    const learned = withoutTies(exportStudent(quantized.graph, runner.states, { batchNorms }));
    return await unlessAstray({ model, samples, batch, augmenter, random }, quantized, learned, context);
  } finally {
    await runner.dispose();
  }
}

interface Run {
  readonly context: Context;
  readonly options: ParsedOptions;
  readonly batch: number;
  readonly random: Random;
  readonly sampleShape: readonly number[];
  readonly draw: Augmenter['draw'];
}

async function run(runner: StepRunner, pool: SamplePool, own: Run): Promise<void> {
  const { context, options } = own;
  const { steps } = options;
  const factor = schedules[options.schedule](steps);
  const patience = options.patience === undefined ? undefined : new Patience(steps, options.patience);
  const begun = await restore(runner, patience, context);
  const pace = begun?.pace ?? (await findPace(runner, pool, own));
  for (let step = begun?.step ?? 0; step < steps; step++) {
    const values = await learn(runner, pool, own, step, pace * factor(step, undefined));
    const loss = values.loss as number;
    if (!Number.isFinite(loss)) {
      throw new DatafreeError('not-finite', `The loss of step ${step + 1} is ${loss}.`, {
        plugin: 'distil',
        hint: 'Take a smaller learningRate.',
      });
    }
    const last = step + 1 === steps;
    const ends = patience?.observe(loss) ?? false;
    context.onProgress({ stage: 'fine-tuning', unit: 'steps', done: ends ? steps : step + 1, total: steps, values });
    if (last || ends) break;
    if ((step + 1) % checkpointEvery === 0) {
      await context.checkpoint?.write(stateKey, packStates(kept({ step: step + 1, pace }, patience, runner)));
    }
  }
}

/** One step at a part of the rates, and what it read. */
async function learn(
  runner: StepRunner,
  pool: SamplePool,
  { context, options, batch, random, sampleShape, draw }: Run,
  step: number,
  share: number,
): Promise<Readonly<Record<string, number>>> {
  throwIfAborted(context.signal);
  const own = random.fork('step', step);
  const reads = await runner.step({
    ...draw(own.fork('views')),
    [feeds.samples]: tensorOf('float32', [batch, ...sampleShape], await pool.batch(step)),
    ...(options.mixup > 0 && { [feeds.mix]: mixingMatrix(batch, options.mixup, own.fork('mix')) }),
    [feeds.rate]: scalarOf('float32', share * options.learningRate),
    [feeds.stepRate]: scalarOf('float32', share * options.stepRate),
  });
  return Object.fromEntries(
    Object.entries(reads).map(([name, { data }]) => [name, (data as Float32Array)[0] as number]),
  );
}

/** Tries how fast the student can learn, and leaves it as it was. */
async function findPace(runner: StepRunner, pool: SamplePool, own: Run): Promise<number> {
  const initial = new Map(runner.states);
  const reset = () => {
    for (const [name, value] of initial) runner.set(name, value);
  };
  const pace = await paceFor(async (tried) => {
    const losses: number[] = [];
    for (let step = 0; step < triedSteps; step++) {
      // Samples that are still to be made are not waited for.
      losses.push((await learn(runner, pool, own, step % pool.stepsAtOnce, tried)).loss as number);
    }
    reset();
    return losses;
  });
  if (pace < 1)
    own.context.logger.info(
      `distil: learns at ${pace.toPrecision(2)} of its rates, as all of them throw this network back.`,
    );
  return pace;
}

const stateKey = 'fine-tuning';
const stepState = 'step';
const paceState = 'pace';
const lossesState = 'losses';

/** How far a run is: the step that comes next, and at which part of its rates it learns. */
interface Begun {
  readonly step: number;
  readonly pace: number;
}

/** What a checkpoint holds: how far the run is, the losses where they decide about the end, and the states. */
function kept({ step, pace }: Begun, patience: Patience | undefined, runner: StepRunner): ReadonlyMap<string, Tensor> {
  return new Map<string, Tensor>([
    [stepState, tensorOf('float32', [1], [step])],
    [paceState, tensorOf('float32', [1], [pace])],
    ...(patience === undefined ? [] : [[lossesState, patience.losses] as const]),
    ...runner.states,
  ]);
}

/** Takes up the states of an interrupted run, if there is one. */
async function restore(
  runner: StepRunner,
  patience: Patience | undefined,
  { checkpoint }: Context,
): Promise<Begun | undefined> {
  const bytes = await checkpoint?.read(stateKey);
  if (bytes === undefined) return undefined;
  const states = unpackStates(bytes, kept({ step: 0, pace: 1 }, patience, runner));
  const read = (name: string) => numbersOf(states.get(name) as Tensor)[0] as number;
  const step = read(stepState);
  patience?.resume(states.get(lossesState) as Tensor, step);
  for (const name of runner.states.keys()) runner.set(name, states.get(name) as Tensor);
  return { step, pace: read(paceState) };
}
