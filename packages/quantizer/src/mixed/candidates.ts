import { elementCount, type TensorType } from '@datafree/core';
import type { Node, Tensor } from '@datafree/plugin';
import { weightAxis } from '../plan/operators.ts';
import type { Plan } from '../plan/plan.ts';
import type { Topology } from '../topology.ts';

/** Bits that a layer may run at. */
export interface Bits {
  readonly weights: number;
  /** Of the activation that enters, where it may have bits of its own. */
  readonly activations?: number;
}

/** A layer with the weight of a candidate. */
export interface CandidateLayer {
  readonly node: Node;
  /** For one sample. */
  readonly multiplications: number;
  /** The group of tensors with one grid that enters it. */
  readonly group: string;
  /** Bits of these tensors in the plan. */
  readonly activations: number;
}

/** A weight whose bits are to be chosen. */
export interface Candidate {
  /** Name of its initializer. */
  readonly weight: string;
  /** The layers that have it, of which there is nearly always one. */
  readonly layers: readonly CandidateLayer[];
  readonly elements: number;
  /** From few bits to many. */
  readonly choices: readonly Bits[];
}

/** Which bits may be chosen. */
export interface Allowed {
  /** Numbers of bits, from few to many. */
  readonly widths: readonly number[];
  /** Bits of the first and the last weights, where they are given. */
  readonly ends: number | undefined;
  /** Whether bits of the activation that enters a layer are chosen too, up to those that the plan has. */
  activations(layer: Node): boolean;
}

/**
 * The weights of the layers that are quantised, and the bits that they may have. An activation has bits of its own where
 * no layer of other weights reads it, or a tensor that shares its grid.
 *
 * @param types of the values for one sample
 */
export function candidatesOf(
  plan: Plan,
  topology: Topology,
  types: ReadonlyMap<string, TensorType>,
  allowed: Allowed,
): readonly Candidate[] {
  const users = new Map<string, CandidateLayer[]>();
  const readers = new Map<string, Set<string>>();
  for (const node of plan.integer) {
    if (plan.roles.get(node) !== 'weighted') continue;
    const [input, weight] = node.inputs as [string, string];
    const group = plan.points.get(input)?.group as string;
    const layer = {
      node,
      multiplications: multiplicationsOf(node, topology.constant(weight) as Tensor, types),
      group,
      activations: plan.groups.get(group)?.bits as number,
    };
    users.set(weight, [...(users.get(weight) ?? []), layer]);
    readers.set(group, (readers.get(group) ?? new Set()).add(weight));
  }
  return [...users].map(([weight, layers]) => ({
    weight,
    layers,
    elements: elementCount((topology.constant(weight) as Tensor).dims),
    choices: choicesOf(layers),
  }));

  function choicesOf(layers: readonly CandidateLayer[]): readonly Bits[] {
    const { widths, ends } = allowed;
    const given = ends !== undefined && layers.some(({ node }) => plan.firstAndLast.has(node));
    const weights = given ? [ends] : widths;
    const [{ group, activations: most }] = layers as [CandidateLayer];
    const own =
      plan.groups.get(group)?.asked &&
      readers.get(group)?.size === 1 &&
      layers.every(({ node, group: other }) => other === group && allowed.activations(node));
    if (!own) return weights.map((bits) => ({ weights: bits }));
    const entering = widths.filter((bits) => bits <= most);
    return weights.flatMap((bits) => entering.map((activations) => ({ weights: bits, activations })));
  }
}

/** Multiplications of a layer for one sample: each weight of an output once for every place that it is computed at. */
export function multiplicationsOf(node: Node, { dims }: Tensor, types: ReadonlyMap<string, TensorType>): number {
  const transposed = node.op === 'ConvTranspose';
  const places = types.get((transposed ? node.inputs[0] : node.outputs[0]) as string)?.shape ?? [];
  const channels = dims[transposed ? 0 : weightAxis(node)] as number;
  return (elementCount(places) * elementCount(dims)) / channels;
}
