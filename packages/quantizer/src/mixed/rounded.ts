import type { Graph, Node } from '@datafree/plugin';
import type { ActivationStatistics } from '../calibration/statistics.ts';
import { emit } from '../emit/emit.ts';
import { type LayerWeightOptions, quantizeLayers } from '../emit/layerWeights.ts';
import { type ActivationGridOptions, activationGrid } from '../grid/activations.ts';
import type { Plan } from '../plan/plan.ts';
import type { Topology } from '../topology.ts';
import type { Bits, Candidate } from './candidates.ts';

/** What is rounded of a layer, and to which bits. */
export interface Rounding {
  /** Of the weight; undefined where it stays as it is. */
  readonly weights: number | undefined;
  /** Of activations, by group. */
  readonly activations: ReadonlyMap<string, number>;
}

/** What {@link roundedNetwork} writes networks with. */
export interface RoundingParts extends ActivationGridOptions {
  readonly plan: Plan;
  readonly topology: Topology;
  /** By group. */
  readonly statistics: ReadonlyMap<string, ActivationStatistics>;
  readonly weightGrids: Pick<LayerWeightOptions, 'symmetric' | 'range' | 'granularity'>;
}

/**
 * The roundings whose divergences are those of a layer at given bits, once they are added up: weight and activations
 * together, or each alone where both have bits to choose.
 */
export function roundingsOf({ layers }: Candidate, { weights, activations }: Bits): readonly Rounding[] {
  if (activations === undefined) {
    return [{ weights, activations: new Map(layers.map((layer) => [layer.group, layer.activations])) }];
  }
  const entering = new Map(layers.map(({ group }) => [group, activations]));
  return [
    { weights, activations: new Map() },
    { weights: undefined, activations: entering },
  ];
}

/** The network with the layers of one weight rounded, written as all of them will be. */
export function roundedNetwork(
  { layers, weight }: Candidate,
  { weights, activations }: Rounding,
  parts: RoundingParts,
): Graph {
  const { topology, statistics, weightGrids } = parts;
  const points = [...parts.plan.points]
    .filter(([, { group }]) => activations.has(group))
    // Nothing falls away: the layer before stays as it is.
    .map(([name, point]) => [name, { ...point, source: name, bounds: unbounded }] as const);
  const integer = new Set(weights === undefined ? [] : layers.map(({ node }) => node));
  const plan: Plan = { ...parts.plan, points: new Map(points), integer, absorbed: new Set<Node>() };
  const grids = new Map(
    [...activations].map(([group, bits]) => {
      return [group, activationGrid(statistics.get(group) as ActivationStatistics, bits, parts)];
    }),
  );
  const bits = weights ?? 8;
  const own = new Map([[weight, bits]]);
  const codes = quantizeLayers(plan, topology, grids, { ...weightGrids, container: 'int8', bits, endBits: bits, own });
  return emit(plan, topology, grids, codes);
}

const unbounded = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
