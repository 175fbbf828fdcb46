import {
  abs,
  adam,
  add,
  elementCount,
  GraphBuilder,
  mul,
  operatorSetOf,
  pow,
  reduceMean,
  reshape,
  StepProgram,
  sub,
  tensorOf,
  toVector,
  type Value,
} from '@datafree/core';
import type { Graph, Model } from '@datafree/plugin';
import { decodedWeight, descend, type Quantisers, writeStudent } from '@datafree/student';
import type { Block } from '../blocks/blocks.ts';
import type { Learners } from '../blocks/learners.ts';
import { partBetween } from '../blocks/part.ts';
import { type RoundingGrid, rectifiedSigmoid, roundingGrid, softWeight, startOf } from '../rounding/softRounding.ts';

/** What {@link writeBlockStep} needs. */
export interface BlockStepParts {
  readonly model: Model;
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
  /** The block's error before it learns, positive: its error is set in relation to it. */
  readonly before: number;
  /** Size of the values that leave the block, in which changes of biases are counted. */
  readonly unit: number;
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
  biasRate: 'bias-rate',
  regularisation: 'regularisation',
  exponent: 'exponent',
} as const;

/**
 * Writes one step: the block on a batch of its inputs, each weight between its two codes; the squared distance of what
 * leaves it from what the network has there, summed over channels and averaged (Li et al. 2021, "BRECQ"), in relation to
 * what it was; the regulariser `1 − |2h − 1|^β` that lets roundings decide (Nagel et al. 2020, "Up or Down?", equation
 * 24), averaged over weights, so that its weight means the same in blocks of all sizes; and one
 * update of rounding variables, activation steps and biases by Adam.
 */
export function writeBlockStep(parts: BlockStepParts): BlockStep {
  const { block, quantised, found, folded, batch, learners } = parts;
  const b = new GraphBuilder({ name: 'reconstruction-step', operators: operatorSetOf(parts.model) });
  const program = new StepProgram(b);
  const inputs = b.input(feeds.inputs, 'float32', [batch, ...block.entryShape]);
  const targets = b.input(feeds.targets, 'float32', [batch, elementCount(block.exitShape)]);
  const grids = new Map<string, RoundingGrid>();
  const fractions: Value[] = [];
  const variables: Value[] = [];
  const biases: Value[] = [];
  const part = partBetween(quantised, block.entry, block.exit, shapesOf(block, batch)) as Graph;
  const student = writeStudent(
    program,
    part,
    folded,
    { [block.entry]: inputs },
    {
      whole: quantised,
      found,
      learnSteps: 'activations',
      learnable: new Set(learners.scales),
      writeBias: (name, first) => {
        const own = learners.biases.get(name);
        if (own === undefined) return b.constant(first);
        const change = program.state(biasState(name), tensorOf('float32', own.dims, []));
        biases.push(change);
        return add(b, b.constant(own), mul(b, change, parts.unit));
      },
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
  const open = undecided(b, fractions, exponent);
  program.read('error', error);
  program.read('undecided', open);
  const relative = mul(b, error, 1 / parts.before);
  const loss = add(b, relative, mul(b, open, b.input(feeds.regularisation, 'float32', [])));
  const groups = [
    { values: variables, rate: b.input(feeds.rate, 'float32', []) },
    { values: [...student.steps.values()], rate: b.input(feeds.stepRate, 'float32', []) },
    { values: biases, rate: b.input(feeds.biasRate, 'float32', []) },
  ];
  if (groups.some(({ values }) => values.length > 0)) descend(program, loss, groups, adam());
  return { program, grids };
}

/** Name of the state that holds the change of a bias. */
export function biasState(name: string): string {
  return `bias-change/${name}`;
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

/** `1 − |2h − 1|^β` averaged over all weights: 1 where none has decided, 0 where all have. */
function undecided(b: GraphBuilder, fractions: readonly Value[], exponent: Value): Value {
  if (fractions.length === 0) return b.scalar(0);
  const decided = pow(b, abs(b, sub(b, mul(b, toVector(b, fractions), 2), 1)), exponent);
  return sub(b, 1, reduceMean(b, decided, [0]));
}
