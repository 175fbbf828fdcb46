import { elementCount, type TensorType } from '@datafree/core';
import type { Context, MixedPrecision, Model, SampleSet, Tensor } from '@datafree/plugin';
import type { ParsedQuantizerOptions } from '../options.ts';
import type { Plan } from '../plan/plan.ts';
import type { Topology } from '../topology.ts';
import { assignBits } from './assign.ts';
import { type Candidate, candidatesOf, multiplicationsOf } from './candidates.ts';
import { sensitivities } from './sensitivity.ts';

const every = [2, 3, 4, 5, 6, 7, 8];

/** What {@link choosePrecision} needs. */
export interface PrecisionParts {
  readonly plan: Plan;
  readonly topology: Topology;
  /** Of the values for one sample. */
  readonly types: ReadonlyMap<string, TensorType>;
  readonly model: Model;
  readonly samples: SampleSet;
  readonly options: ParsedQuantizerOptions;
}

/**
 * Chooses the bits of each weight where the options give a budget.
 *
 * @throws `option-invalid` for a budget that cannot be kept
 */
export async function choosePrecision(parts: PrecisionParts, context: Context): Promise<MixedPrecision | undefined> {
  const { plan, topology, types, model, samples, options } = parts;
  const { budget, operationsBudget, firstLast, symmetric, weightRange: range, granularity } = options;
  const share = budget ?? operationsBudget;
  const candidates = candidatesOf(plan, topology, types);
  if (share === undefined || candidates.length === 0) return undefined;
  const widths = options.reduceRange ? every.slice(0, -1) : every;
  const { graph } = topology;
  const ends = firstLast?.weights && Math.min(firstLast.weights, widths.at(-1) as number);
  const allowed = (candidate: Candidate): readonly number[] =>
    ends !== undefined && candidate.layers.some((node) => plan.firstAndLast.has(node)) ? [ends] : widths;
  const floats = graph.nodes.filter((node) => plan.roles.get(node) === 'weighted' && !plan.integer.has(node));
  const weightsOf = floats.map((node) => [node, topology.constant(node.inputs[1]) as Tensor] as const);
  const float = {
    elements: weightsOf.reduce((sum, [, { dims }]) => sum + elementCount(dims), 0),
    multiplications: weightsOf.reduce((sum, [node, tensor]) => sum + multiplicationsOf(node, tensor, types), 0),
  };
  const assignment = { of: budget === undefined ? 'operations' : 'size', share } as const;
  // What cannot be kept is told before anything is measured.
  const none = candidates.map(() => widths.map(() => 0));
  assignBits({ candidates, widths, losses: none, allowed, float }, assignment);
  const losses = await sensitivities(
    { graph, model, samples, candidates, widths, symmetric, range, granularity },
    context,
  );
  return assignBits({ candidates, widths, losses, allowed, float }, assignment);
}

/** The bits that most layers have. */
export function mostCommonBits({ layers }: MixedPrecision): number | undefined {
  const counts = new Map<number, number>();
  for (const { bits } of layers) counts.set(bits, (counts.get(bits) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
