import { elementCount, type TensorType } from '@datafree/core';
import type { Context, MixedPrecision, Model, SampleSet, Tensor } from '@datafree/plugin';
import type { ActivationStatistics } from '../calibration/statistics.ts';
import type { ParsedQuantizerOptions } from '../options.ts';
import type { Plan } from '../plan/plan.ts';
import type { Topology } from '../topology.ts';
import { assignBits } from './assign.ts';
import { candidatesOf, multiplicationsOf } from './candidates.ts';
import { sensitivities } from './sensitivity.ts';

const every = [2, 3, 4, 5, 6, 7, 8];

/** A network as it is laid out for quantisation, without samples. */
interface LaidOut {
  readonly plan: Plan;
  readonly topology: Topology;
  /** Of the values for one sample. */
  readonly types: ReadonlyMap<string, TensorType>;
  readonly options: ParsedQuantizerOptions;
}

/** What {@link choosePrecision} needs. */
export interface PrecisionParts extends LaidOut {
  /** Of activations, by group. */
  readonly statistics: ReadonlyMap<string, ActivationStatistics>;
  readonly model: Model;
  readonly samples: SampleSet;
}

/** Bits that were chosen under a budget. */
export interface ChosenPrecision {
  readonly precision: MixedPrecision;
  /** Bits of the activations that enter layers, by group. */
  readonly activations: ReadonlyMap<string, number>;
}

/**
 * What bits are chosen from where the options give a budget.
 *
 * @throws `option-invalid` for a budget that cannot be kept
 */
export function precisionChoices({ plan, topology, types, options }: LaidOut) {
  const { budget, operationsBudget, firstLast } = options;
  const share = budget ?? operationsBudget;
  if (share === undefined) return undefined;
  const widths = options.reduceRange ? every.slice(0, -1) : every;
  const candidates = candidatesOf(plan, topology, types, {
    widths,
    ends: firstLast?.weights && Math.min(firstLast.weights, widths.at(-1) as number),
    activations: (layer) =>
      operationsBudget !== undefined && !(firstLast?.activations !== undefined && plan.firstAndLast.has(layer)),
  });
  const floats = topology.graph.nodes.filter((node) => plan.roles.get(node) === 'weighted' && !plan.integer.has(node));
  const weightsOf = floats.map((node) => [node, topology.constant(node.inputs[1]) as Tensor] as const);
  const float = {
    elements: weightsOf.reduce((sum, [, { dims }]) => sum + elementCount(dims), 0),
    multiplications: weightsOf.reduce((sum, [node, tensor]) => sum + multiplicationsOf(node, tensor, types), 0),
  };
  const assignment = { of: budget === undefined ? 'operations' : 'size', share } as const;
  const assigned = (losses: readonly (readonly number[])[]) => assignBits({ candidates, losses, float }, assignment);
  if (candidates.length > 0 || float.elements > 0) assigned(candidates.map(({ choices }) => choices.map(() => 0)));
  return { candidates, assigned };
}

/**
 * Chooses the bits of each weight where the options give a budget; under one of operations those of the activations
 * too.
 *
 * @throws `option-invalid` for a budget that cannot be kept, before anything is measured
 */
export async function choosePrecision(parts: PrecisionParts, context: Context): Promise<ChosenPrecision | undefined> {
  const { plan, topology, statistics, model, samples, options } = parts;
  const choices = precisionChoices(parts);
  if (choices === undefined || choices.candidates.length === 0) return undefined;
  const { candidates, assigned } = choices;
  const { calibration, percentile, symmetric, weightRange: range, granularity } = options;
  const weightGrids = { symmetric, range, granularity };
  const losses = await sensitivities(
    candidates,
    { plan, topology, statistics, model, samples, calibration, percentile, weightGrids },
    context,
  );
  const precision = assigned(losses);
  const layers = candidates.flatMap((candidate) => candidate.layers);
  const activations = layers.map(({ group }, i) => [group, precision.layers[i]?.activations as number] as const);
  return { precision, activations: new Map(activations) };
}

/** The number that occurs most often, the first of them. */
export function mostCommon(bits: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const own of bits) counts.set(own, (counts.get(own) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
