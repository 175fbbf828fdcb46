import { numbersOf, operatorSetOf, Random, type StepRunner, scalarOf, tensorOf } from '@datafree/core';
import { cosineRate } from '@datafree/inversion';
import { foldBatchNorms } from '@datafree/onnx';
import {
  type Context,
  checkGiven,
  DatafreeError,
  defineFineTuner,
  type FineTuner,
  type Graph,
  type Model,
  type Quantized,
  type SampleSet,
  type Tensor,
  throwIfAborted,
} from '@datafree/plugin';
import { batchOf, findQuantisers, type Quantisers, stateOf } from '@datafree/student';
import { type Block, findBlocks } from './blocks/blocks.ts';
import { assignLearners, type Learners } from './blocks/learners.ts';
import { refuseRescaled } from './blocks/rescaled.ts';
import { solveLayers } from './layers/solve.ts';
import type { ActivationSource, Activations } from './loop/activations.ts';
import { annealingAt } from './loop/annealing.ts';
import { BatchDraw } from './loop/draw.ts';
import { enteredAgain, entryOf, leadsOn, leftOf } from './loop/entered.ts';
import { measuredError } from './loop/measure.ts';
import { nearer } from './loop/nearer.ts';
import { Settled } from './loop/settled.ts';
import { biasState, feeds, writeBlockStep } from './loop/step.ts';
import { type ParsedOptions, parseReconstructOptions, type ReconstructOptions } from './options.ts';
import { hardWeight } from './rounding/softRounding.ts';

/**
 * Reconstruction of a quantised network block by block, without a label: the codes of its layers are solved for by
 * coordinate descent (Nagel et al. 2020, equation 10; Frantar et al. 2022), then each weight learns whether it is rounded
 * up or down (Nagel et al. 2020, AdaRound), the steps of activations learn along (LSQ), so that what leaves the block is what
 * the network has there (Li et al. 2021, BRECQ), on inputs of which some are the network's (Wei et al. 2022, QDrop).
 * A block whose error does not fall keeps what it had, and so does the network, with a warning.
 *
 * @throws `option-invalid`. `fineTune` throws `data-shape`, `data-empty`, `unsupported` (nothing to reconstruct, rescaled
 *   layers), `operator-no-gradient`, `not-finite`, `aborted`, `resume-mismatch` and `runtime-failed`
 */
export function reconstruct(options: ReconstructOptions = {}): FineTuner {
  const parsed = parseReconstructOptions(options);
  const every = [2, 3, 4, 5, 6, 7, 8];
  return defineFineTuner({
    kind: 'fine-tuner',
    name: 'reconstruct',
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
      if (quantizer?.name === 'quantizer' && quantizer.options.equalization === true) {
        throw new DatafreeError(
          'unsupported',
          "Equalization rescales layers, which cannot be compared with the network's.",
          {
            path: 'equalization',
            hint: 'Quantise without equalization, or fine-tune by distil.',
          },
        );
      }
    },
    fineTune: (model, quantized, samples, context) => fineTune(model, quantized, samples, context, parsed),
  });
}

async function fineTune(
  model: Model,
  quantized: Quantized,
  samples: SampleSet,
  context: Context,
  options: ParsedOptions,
): Promise<Quantized> {
  checkGiven('reconstruct', { model, quantized, samples, context });
  throwIfAborted(context.signal);
  const batch = batchOf(model, samples, options.batch);
  const folded = foldBatchNorms(model.graph, operatorSetOf(model));
  const found = findQuantisers(quantized.graph);
  refuseRescaled(quantized.graph, folded, found);
  const blocks = findBlocks(model, quantized.graph, options.largestBlock);
  if (blocks.length === 0) {
    const problem =
      found.weights.length === 0
        ? 'The network has no layer of quantised weights to reconstruct.'
        : 'No layer of quantised weights has the name that a layer has in the full-precision network.';
    throw new DatafreeError('unsupported', problem, {
      hint: 'Give it what a quantizer has made of this very network.',
    });
  }
  const learners = assignLearners(blocks, quantized.graph, folded, found, options.learnSteps);
  const settled = new Settled(quantized.graph, found, learners);
  const random = new Random(context.seed).fork('reconstruction');
  const source = { model, samples, batch };
  const done = await settled.restore(context.checkpoint);
  let reached: Reached = {
    quantised: settled.graph(),
    entered: await enteredAgain(source, blocks, done, (count) => settled.graphAfter(count), context),
  };
  for (let index = done; index < blocks.length; index++) {
    const [block, next] = [blocks[index] as Block, blocks[index + 1]];
    const work = { ...source, folded, found, options, context, block, next, index, blocks: blocks.length };
    const own = { ...reached, learners: learners[index] as Learners };
    reached = await reconstructBlock({ ...work, ...own }, settled, random.fork('block', index));
    if (next !== undefined) await settled.keep(context.checkpoint);
  }
  const last = blocks.at(-1) as Block;
  return nearer({ ...source, last }, quantized, reached.quantised, context);
}

/** The quantised network as far as it is reconstructed, and what enters the next block, where it is at hand. */
type Reached = Pick<ActivationSource, 'quantised' | 'entered'>;

interface BlockWork extends ActivationSource {
  readonly folded: Graph;
  readonly found: Quantisers;
  readonly options: ParsedOptions;
  readonly context: Context;
  readonly index: number;
  /** How many there are. */
  readonly blocks: number;
  readonly learners: Learners;
  readonly next: Block | undefined;
}

/** Learns one block and settles on the best of what it had, what was solved for and what it learned. */
async function reconstructBlock(work: BlockWork, settled: Settled, random: Random): Promise<Reached> {
  const { block, batch, options, context, learners } = work;
  const draw = new BatchDraw(work, options.batch === batch ? options : { ...options, batch }, random, context);
  const unchanged = settled.unchanged(learners);
  const { before, unit, found } = await solveBlock(work, settled, await draw.activationsAt(0));
  const solved = new Map([...unchanged, ...found]);
  const start = settled.graph(solved);
  const biases = new Map([...learners.biases].map(([name, own]) => [name, found.get(stateOf.bias(name)) ?? own]));
  const own = { ...work, quantised: start, learners: { ...learners, biases } };
  const { program, grids } = writeBlockStep({ ...own, unit, before: Math.max(before, smallestError) });
  const runner = await program.compile(context.runtime, { threads: context.threads });
  const learned = new Map<string, Tensor>();
  try {
    await learn(runner, draw, before, work);
    for (const [name, grid] of grids) {
      learned.set(stateOf.weight(grid.weight.codes), hardWeight(grid, runner.get(name)));
      // Steps of weights stay as they were solved for.
      const step = stateOf.step(grid.weight.scale);
      learned.set(step, solved.get(step) as Tensor);
    }
    for (const [name, bias] of biases) {
      const changes = numbersOf(runner.get(biasState(name)));
      const values = Float64Array.from(numbersOf(bias), (value, i) => value + unit * (changes[i] as number));
      learned.set(stateOf.bias(name), tensorOf('float32', bias.dims, values));
    }
    for (const scale of learners.scales) learned.set(stateOf.step(scale), runner.get(stateOf.step(scale)));
  } finally {
    await runner.dispose();
  }
  const last = await draw.activationsAt(options.steps - 1);
  const candidates = [
    { states: unchanged, graph: settled.graph(unchanged) },
    { states: solved, graph: start },
    { states: learned, graph: settled.graph(learned) },
  ];
  const errors: number[] = [];
  for (const { graph } of candidates) errors.push(await measuredError(graph, block, last, work, context));
  const [was, between, is] = errors.map((error) => error.toPrecision(4));
  context.logger.info(
    `Block ${work.index + 1} of ${work.blocks}, ${block.entry} to ${block.exit}: error ${was}, ${between} solved, ${is} learned.`,
  );
  const { states, graph: quantised } = candidates[errors.indexOf(Math.min(...errors))] as (typeof candidates)[number];
  settled.add(states);
  const entered = leadsOn(work, work.next) ? await leftOf({ ...work, quantised }, last, context) : undefined;
  return { quantised, entered };
}

/** A block's error before, the size of what leaves it, and the states that are solved for. */
async function solveBlock(work: BlockWork, settled: Settled, activations: Activations) {
  const { block, context, quantised, samples } = work;
  const before = await measuredError(quantised, block, activations, work, context);
  const entered = activations.count === samples.count ? entryOf(block, activations) : undefined;
  const found = await solveLayers({ ...work, entered, quantisedWith: (states) => settled.graph(states) }, context);
  return { before, unit: rootMeanSquare(activations.targets), found };
}

/** Errors below it are none. */
const smallestError = 1e-12;

function rootMeanSquare(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length) || 1;
}

/** Runs the steps of a block. @param before the block's error, to which losses are set in relation */
async function learn(runner: StepRunner, draw: BatchDraw, before: number, work: BlockWork): Promise<void> {
  const { options, context, index, blocks } = work;
  const { steps, learningRate } = options;
  const falling = cosineRate()(steps);
  const rate = scalarOf('float32', learningRate);
  for (let step = 0; step < steps; step++) {
    throwIfAborted(context.signal);
    const { inputs, targets } = await draw.batch(step);
    const { regularisation, exponent } = annealingAt(step, options);
    const reads = await runner.step({
      [feeds.inputs]: inputs,
      [feeds.targets]: targets,
      [feeds.rate]: rate,
      [feeds.stepRate]: scalarOf('float32', falling(step, undefined) * options.stepRate),
      [feeds.biasRate]: scalarOf('float32', falling(step, undefined) * options.biasRate),
      [feeds.regularisation]: scalarOf('float32', regularisation),
      [feeds.exponent]: scalarOf('float32', exponent),
    });
    const read = (name: string): number => (reads[name] as Tensor<'float32'>).data[0] as number;
    const error = read('error');
    if (!Number.isFinite(error + read('undecided'))) {
      throw new DatafreeError('not-finite', `The error of block ${index + 1} at step ${step + 1} is ${error}.`, {
        plugin: 'reconstruct',
        hint: 'Take a smaller learningRate or stepRate.',
      });
    }
    context.onProgress({
      stage: 'fine-tuning',
      unit: 'steps',
      done: index * steps + step + 1,
      total: blocks * steps,
      // Not a loss that could be followed: each block begins anew.
      values: { error: error / Math.max(before, smallestError), undecided: read('undecided'), block: index + 1 },
    });
  }
}
