import {
  abs,
  adam,
  add,
  elementCount,
  GraphBuilder,
  mul,
  pow,
  reduceMean,
  reduceSum,
  reshape,
  StepProgram,
  sub,
  type Value,
} from '@datafree/core';
import type { Graph } from '@datafree/plugin';
import { decodedWeight, descend, type Quantisers, writeStudent } from '@datafree/student';
import type { Block } from '../blocks/blocks.ts';
import type { Learners } from '../blocks/learners.ts';
import { partBetween } from '../blocks/part.ts';
import { type RoundingGrid, rectifiedSigmoid, roundingGrid, softWeight, startOf } from '../rounding/softRounding.ts';

/** What {@link writeBlockStep} needs. */
export interface BlockStepParts {
  readonly block: Block;
  /** The quantised network, blocks before this one as they were reconstructed. */
  readonly quantised: Graph;
  /** What is quantised in it. */
  readonly found: Quantisers;
  /** The network with BatchNormalization folded. */
  readonly folded: Graph;
  readonly batch: number;
  /** What learns in it. */
  readonly learners: Learners;
}

/** A step of a block's reconstruction and what learns in it. */
export interface BlockStep {
  readonly program: StepProgram;
  /** By name of state: the weights whose rounding it holds. */
  readonly grids: ReadonlyMap<string, RoundingGrid>;
}

/** Names of the inputs that are fed at each step. */
export const feeds = {
  inputs: 'inputs',
  targets: 'targets',
  rate: 'rate',
  stepRate: 'step-rate',
  regularisation: 'regularisation',
  exponent: 'exponent',
} as const;

/**
 * Writes one step: the block on a batch of its inputs, each weight between its two codes; the squared distance of what
 * leaves it from what the network has there, summed over channels and averaged (Li et al. 2021, "BRECQ"); the
 * regulariser `Σ (1 − |2h − 1|^β)` that lets roundings decide (Nagel et al. 2020, "Up or Down?", equation 24); and one
 * update of rounding variables and activation steps by Adam.
 */
export function writeBlockStep(parts: BlockStepParts): BlockStep {
  const { block, quantised, found, folded, batch, learners } = parts;
  const b = new GraphBuilder({ name: 'reconstruction-step' });
  const program = new StepProgram(b);
  const inputs = b.input(feeds.inputs, 'float32', [batch, ...block.entryShape]);
  const targets = b.input(feeds.targets, 'float32', [batch, elementCount(block.exitShape)]);
  const grids = new Map<string, RoundingGrid>();
  const fractions: Value[] = [];
  const variables: Value[] = [];
  const part = partBetween(quantised, block.entry, block.exit, shapesOf(block, batch)) as Graph;
  const student = writeStudent(
    program,
    part,
    folded,
    { [block.entry]: inputs },
    {
      found,
      learnSteps: 'activations',
      learnable: new Set(learners.scales),
      writeBias: (name, first) => b.constant(learners.biases.get(name) ?? first),
      roundWeight: (weight, first) => {
        if (!learners.weights.includes(weight)) return b.constant(decodedWeight(part, weight));
        const grid = roundingGrid(part, weight, first);
        const name = `rounding/${weight.codes}`;
        const variable = program.state(name, startOf(grid));
        const fraction = rectifiedSigmoid(b, variable);
        grids.set(name, grid);
        variables.push(variable);
        fractions.push(fraction);
        return softWeight(b, grid, fraction);
      },
    },
  );

  const error = blockError(b, student.find(block.exit), targets, block.exitShape[0] ?? 1);
  const exponent = b.input(feeds.exponent, 'float32', []);
  const open = fractions
    .map((fraction) => undecided(b, fraction, exponent))
    .reduce((sum, term) => add(b, sum, term), b.scalar(0));
  program.read('error', error);
  program.read('undecided', open);
  const loss = add(b, error, mul(b, open, b.input(feeds.regularisation, 'float32', [])));
  const groups = [
    { values: variables, rate: b.input(feeds.rate, 'float32', []) },
    { values: [...student.steps.values()], rate: b.input(feeds.stepRate, 'float32', []) },
  ];
  if (variables.length + student.steps.size > 0) descend(program, loss, groups, adam());
  return { program, grids };
}

/** Shapes of what enters and leaves a block, with the batch axis. */
export function shapesOf({ entryShape, exitShape }: Block, batch: number) {
  return { entry: [batch, ...entryShape], exit: [batch, ...exitShape] };
}

/** Squared distance, summed over channels, averaged over samples and positions. @param targets a row a sample */
function blockError(b: GraphBuilder, own: Value, targets: Value, channels: number): Value {
  const difference = sub(b, reshape(b, own, targets.shape), targets);
  return mul(b, reduceMean(b, mul(b, difference, difference), [0, 1]), channels);
}

function undecided(b: GraphBuilder, fraction: Value, exponent: Value): Value {
  const axes = fraction.shape.map((_, axis) => axis);
  const decided = pow(b, abs(b, sub(b, mul(b, fraction, 2), 1)), exponent);
  return reduceSum(b, sub(b, 1, decided), axes);
}
