import {
  add,
  clip,
  concat,
  differentiate,
  GraphBuilder,
  mul,
  operatorSetOf,
  requireGradient,
  StepProgram,
  sub,
  tensorOf,
  tile,
  type Value,
} from '@datafree/core';
import type { Model } from '@datafree/plugin';
import type { Augmenter } from '../augment/augmenter.ts';
import type { InputEstimate } from '../estimate/estimate.ts';
import type { InversionSettings } from '../settings.ts';
import { project, type SearchSpace, toInput } from '../space/space.ts';
import { classCount } from '../terms/logits.ts';

/** Names of a step's inputs that are fed. */
export const feeds = {
  rate: 'rate',
  project: 'project',
  classes: 'classes',
  /** How much of the set, finished and present, the present batch is. */
  share: 'share',
} as const;

/** The state that is optimised. */
export const samplesState = 'samples';

/** What {@link writeStep} needs. */
export interface StepParts {
  readonly model: Model;
  readonly settings: InversionSettings;
  readonly batch: number;
  readonly space: SearchSpace;
  readonly estimate: InputEstimate;
  readonly augmenter: Augmenter;
}

/** A step and the names of what it gives. */
export interface Step {
  readonly program: StepProgram;
  /** Reads of the weighted terms, by the name of the term. */
  readonly terms: ReadonlyMap<string, string>;
  /** Means over the set: the input that takes that of the finished batches, and the read of the present one. */
  readonly means: readonly { readonly input: string; readonly read: string; readonly shape: readonly number[] }[];
}

/**
 * Writes one step: samples to loss, gradient and next samples.
 *
 * @throws `operator-no-gradient` where a term depends on the samples and has no derivative by them
 */
export function writeStep({ model, settings, batch, space, estimate, augmenter }: StepParts): Step {
  const b = new GraphBuilder({ name: `${settings.name}-step`, operators: operatorSetOf(model) });
  const program = new StepProgram(b);
  const state = program.state(samplesState, tensorOf('float32', [batch, ...space.shape], []));
  const { unit, base } = onGrid(b, space, state, settings.projection);

  const copies =
    settings.copies === 1
      ? unit
      : concat(
          b,
          Array.from({ length: settings.copies }, () => unit),
          0,
        );
  const input = augmenter.write(b, toInput(b, space, copies));
  const wanted = [...new Set(settings.terms.flatMap((term) => term.reads(model)))];
  const inside = b.inline(model.graph, { [model.input.name]: input }, { prefix: 'network/', wanted });

  const means: { input: string; read: string; shape: readonly number[] }[] = [];
  let classes: Value | undefined;
  const terms = new Map<string, string>();
  const ofSet: Value[] = [];
  const ofBatch: Value[] = [];
  for (const term of settings.terms) {
    const meansBefore = means.length;
    const value = term.write({
      builder: b,
      model,
      estimate,
      unit,
      input,
      network: (name) => (name === model.input.name ? input : inside(name)),
      classes() {
        if (classes === undefined) {
          const rows = b.input(feeds.classes, 'float32', [batch, classCount(model)]);
          classes = settings.copies === 1 ? rows : tile(b, rows, [settings.copies, 1]);
        }
        return classes;
      },
      overSet(name, own) {
        const slot = { input: `finished.${term.name}.${name}`, read: `own.${term.name}.${name}`, shape: own.shape };
        if (means.length === 0) b.input(feeds.share, 'float32', []);
        means.push(slot);
        program.read(slot.read, own);
        const finished = b.input(slot.input, 'float32', own.shape);
        return add(b, finished, mul(b, sub(b, own, finished), b.value(feeds.share)));
      },
    });
    requireGradient(b, value, [unit]);
    const weighted = term.weight === 1 ? value : mul(b, value, term.weight);
    const read = `term.${term.name}`;
    terms.set(term.name, read);
    program.read(read, weighted);
    (means.length > meansBefore ? ofSet : ofBatch).push(weighted);
  }
  const total = lossOfSet(b, ofSet, ofBatch);
  program.read('loss', total);

  const [gradient] = differentiate(b, total, [unit]);
  const rate = b.input(feeds.rate, 'float32', []);
  const update = { value: base, gradient: gradient as Value };
  const [next] = settings.optimiser.update(program, [update], rate);
  program.next(state, space.bounded ? clip(b, next as Value, 0, 1) : (next as Value));
  return { program, terms, means };
}

/**
 * The loss of the set so far, as far as the present batch has a part in it. A mean over the samples of this batch counts as
 * much as the batch does in the set: statistics of the set feel each further batch less, and would otherwise be given up
 * for it more and more.
 */
function lossOfSet(b: GraphBuilder, ofSet: readonly Value[], ofBatch: readonly Value[]): Value {
  const sum = (values: readonly Value[]): Value | undefined =>
    values.reduce<Value | undefined>((total, value) => (total === undefined ? value : add(b, total, value)), undefined);
  const [whole, own] = [sum(ofSet), sum(ofBatch)];
  if (whole === undefined || own === undefined) return whole ?? own ?? b.scalar(0);
  return add(b, whole, mul(b, own, b.value(feeds.share)));
}

/** The samples as they are evaluated, and the values that the optimiser goes on from. */
function onGrid(
  b: GraphBuilder,
  space: SearchSpace,
  state: Value,
  projection: InversionSettings['projection'],
): { unit: Value; base: Value } {
  const valid = project(b, space, state);
  if (!space.bounded || projection === 'straight-through') return { unit: valid, base: state };
  if (projection === 1) return { unit: valid, base: valid };
  const now = b.input(feeds.project, 'float32', []);
  const unit = add(b, state, mul(b, sub(b, valid, state), now));
  return { unit, base: unit };
}
