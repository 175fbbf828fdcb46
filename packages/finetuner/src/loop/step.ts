import {
  adam,
  add,
  GraphBuilder,
  logitsName,
  matMul,
  mul,
  operatorSetOf,
  reshape,
  StepProgram,
  sgd,
  type Value,
} from '@datafree/core';
import type { Augmenter } from '@datafree/inversion';
import { type BatchNormSite, DatafreeError, type Graph, type Model } from '@datafree/plugin';
import { descend, unitsOf, writeStudent } from '@datafree/student';
import { type FeatureLoss, overStages } from '../loss/features.ts';
import { logitDivergence, relativeError } from '../loss/logits.ts';
import { stagesOf } from '../loss/stages.ts';
import type { ParsedOptions } from '../options.ts';

/** What {@link writeStep} needs. */
export interface StepParts {
  readonly model: Model;
  /** The network with BatchNormalization folded. */
  readonly folded: Graph;
  readonly quantised: Graph;
  /** Those that follow, by the layer that they were folded into. */
  readonly batchNorms: ReadonlyMap<string, BatchNormSite> | undefined;
  readonly augmenter: Augmenter;
  readonly batch: number;
  readonly options: ParsedOptions;
}

/** Names of the inputs that are fed at each step. */
export const feeds = { samples: 'samples', mix: 'mix', rate: 'rate', stepRate: 'step-rate' } as const;

/**
 * Writes one training step: the frozen teacher and the student on one batch, the loss, and the student's update.
 *
 * @throws `option-invalid` when nothing learns
 */
export function writeStep(parts: StepParts): StepProgram {
  const { model, folded, quantised, batchNorms, augmenter, batch, options } = parts;
  const b = new GraphBuilder({ name: 'distillation-step', operators: operatorSetOf(model) });
  const program = new StepProgram(b);
  const shape = model.input.shape.slice(1) as number[];
  const fed = b.input(feeds.samples, 'float32', [batch, ...shape]);
  const seen = augmenter.write(b, fed);
  const samples = options.mixup > 0 ? mixed(b, seen) : seen;
  const losses = options.featureWeight === 0 ? [] : lossesOf(options.features);
  const stages = losses.length === 0 ? [] : stagesOf(model, quantised);
  const outputs = [logitsName(model.graph, model.output.name), ...stages];
  const teacher = b.inline(model.graph, { [model.input.name]: samples }, { prefix: 'teacher/', wanted: outputs });
  const student = writeStudent(program, quantised, folded, { [model.input.name]: samples }, { ...options, batchNorms });

  const own = student.find(logitsName(quantised, model.output.name));
  const wanted = teacher(outputs[0] as string);
  const classes = wanted.shape.length === 2 && (wanted.shape[1] as number) > 1;
  const ofLogits = classes ? logitDivergence(b, own, wanted, options.temperature) : relativeError(b, own, wanted);
  program.read('logits', ofLogits);
  let loss = ofLogits;
  if (stages.length > 0) {
    const pairs = stages.map((name) => ({ student: student.find(name), teacher: teacher(name) }));
    const features = mul(b, overStages(b, losses, pairs), options.featureWeight);
    program.read('features', features);
    loss = add(b, loss, features);
  }
  program.read('loss', loss);
  const isAdam = options.optimiser === 'adam';
  const optimiser = isAdam ? adam() : sgd({ momentum: 0.9 });
  const units = unitsOf(quantised);
  const groups = [
    {
      values: [...student.weights.values()],
      rate: b.input(feeds.rate, 'float32', []),
      // Adam goes as far wherever it is; the way of SGD follows from the size of the gradient.
      units: isAdam ? [...student.weights.keys()].map((name) => units.get(name) as Float32Array) : undefined,
    },
    { values: [...student.steps.values()], rate: b.input(feeds.stepRate, 'float32', []) },
  ];
  if (groups.every(({ values }) => values.length === 0)) {
    throw new DatafreeError(
      'option-invalid',
      'Codes and step sizes stay, and no layer has a bias: nothing could learn.',
      {
        path: 'learnCodes',
        hint: 'Let codes or step sizes learn.',
      },
    );
  }
  descend(program, loss, groups, optimiser);
  return program;
}

function lossesOf(features: ParsedOptions['features']): readonly FeatureLoss[] {
  if (typeof features !== 'string') return features;
  return features === 'none' ? [] : [features];
}

function mixed(b: GraphBuilder, samples: Value): Value {
  const [batch = 1, ...shape] = samples.shape;
  const matrix = b.input(feeds.mix, 'float32', [batch, batch]);
  const rows = reshape(b, samples, [batch, shape.reduce((product, size) => product * size, 1)]);
  return reshape(b, matMul(b, matrix, rows), samples.shape);
}
