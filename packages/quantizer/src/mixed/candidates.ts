import { elementCount, type TensorType } from '@datafree/core';
import type { Node, Tensor } from '@datafree/plugin';
import { weightAxis } from '../plan/operators.ts';
import type { Plan } from '../plan/plan.ts';
import type { Topology } from '../topology.ts';

/** A weight whose bits are to be chosen. */
export interface Candidate {
  /** Name of its initializer. */
  readonly weight: string;
  /** The layers that have it, of which there is nearly always one. */
  readonly layers: readonly Node[];
  readonly tensor: Tensor;
  readonly elements: number;
  /** Multiplications of its layers for one sample, times the bits of the activations that they take. */
  readonly activationBits: number;
  /** Multiplications of its layers for one sample. */
  readonly multiplications: number;
}

/**
 * The weights of the layers that are quantised.
 *
 * @param types of the values for one sample
 */
export function candidatesOf(
  plan: Plan,
  topology: Topology,
  types: ReadonlyMap<string, TensorType>,
): readonly Candidate[] {
  const users = new Map<string, Node[]>();
  for (const node of plan.integer) {
    if (plan.roles.get(node) !== 'weighted') continue;
    const weight = node.inputs[1] as string;
    users.set(weight, [...(users.get(weight) ?? []), node]);
  }
  return [...users].map(([weight, layers]) => {
    const tensor = topology.constant(weight) as Tensor;
    const elements = elementCount(tensor.dims);
    const own = layers.map((node) => {
      const point = plan.points.get(node.inputs[0] as string);
      const bits = plan.groups.get(point?.group ?? '')?.bits ?? 8;
      return { bits, multiplications: multiplicationsOf(node, tensor, types) };
    });
    return {
      weight,
      layers,
      tensor,
      elements,
      multiplications: own.reduce((sum, { multiplications }) => sum + multiplications, 0),
      activationBits: own.reduce((sum, { bits, multiplications }) => sum + bits * multiplications, 0),
    };
  });
}

/** Multiplications of a layer for one sample: each weight of an output once for every place that it is computed at. */
export function multiplicationsOf(node: Node, { dims }: Tensor, types: ReadonlyMap<string, TensorType>): number {
  const transposed = node.op === 'ConvTranspose';
  const places = types.get((transposed ? node.inputs[0] : node.outputs[0]) as string)?.shape ?? [];
  const channels = dims[transposed ? 0 : weightAxis(node)] as number;
  return (elementCount(places) * elementCount(dims)) / channels;
}
