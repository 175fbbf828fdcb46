import type { TensorType } from '@datafree/core';
import type { Node } from '@datafree/plugin';
import type { Range } from '../grid/affine.ts';
import type { Topology } from '../topology.ts';
import { DisjointSets } from './disjointSets.ts';
import { boundsOf, type Role, roleOf } from './operators.ts';
import { type Reach, reachOf } from './reach.ts';

/** A tensor that is put on an integer grid. */
export interface Point {
  /** The tensor as the layers after it read it. */
  readonly tensor: string;
  /** What is quantised: the tensor itself, or what enters the Relu and Clip that fall away in front of it. */
  readonly source: string;
  /** Bounds of the Relu and Clip that fall away; infinite where there are none. */
  readonly bounds: Range;
  /** The group of tensors with one grid that it belongs to. */
  readonly group: string;
}

/** Tensors that share one grid. */
interface Group {
  readonly bits: number;
  /** Its bits are those that the options ask for, not the 8 of inputs and of what no layer with weights reads. */
  readonly asked: boolean;
  /** Their values decide the range; the others in the group are copies or selections of them. */
  readonly measured: readonly string[];
}

/** Which layers run on integers and which tensors are quantised for it. */
export interface Plan {
  readonly roles: ReadonlyMap<Node, Role>;
  /** Nodes that are meant to run as integers. */
  readonly integer: ReadonlySet<Node>;
  /** Relu and Clip nodes that fall away. */
  readonly absorbed: ReadonlySet<Node>;
  readonly points: ReadonlyMap<string, Point>;
  readonly groups: ReadonlyMap<string, Group>;
  /** Weighted layers without a weighted layer before them, or without one after them. */
  readonly firstAndLast: ReadonlySet<Node>;
  readonly reach: Reach;
}

/** What of the options decides the plan. */
export interface PlanOptions {
  /** Bits of the activations that enter weighted layers. */
  readonly activations: number;
  /** Bits of the activation that enters the last layer. */
  readonly lastActivations: number;
  /** Bits of what only an Add reads: 8, or those of activations. */
  readonly summands: 'wide' | 'activations';
  readonly outputs: 'integer' | 'float';
  excluded(node: Node): boolean;
}

/** Decides which tensors are quantised. @param types element types and shapes at any batch size */
export function makePlan(topology: Topology, types: ReadonlyMap<string, TensorType>, options: PlanOptions): Plan {
  const { nodes } = topology.graph;
  const roles = new Map(nodes.map((node) => [node, roleOf(node, topology, types)]));
  const has = (node: Node | undefined, role: Role): node is Node =>
    node !== undefined && roles.get(node) === role && !options.excluded(node);
  const isWeighted = (node: Node): boolean => roles.get(node) === 'weighted';
  const reach = reachOf(topology, isWeighted);

  const absorbed = new Set<Node>();
  const integer = new Set<Node>();
  for (const node of nodes)
    if (has(node, 'weighted') || (has(node, 'arithmetic') && runsAsIntegers(node))) integer.add(node);
  const points = new Map<string, Omit<Point, 'group'>>();
  const sets = new DisjointSets();

  for (const node of nodes) {
    if (!integer.has(node) || roles.get(node) === 'carrier') continue;
    for (const name of activationInputs(node)) need(name);
    for (const name of node.outputs) if (mustBeQuantised(node)) need(afterActivations(name));
  }
  for (const node of integer) if (node.op === 'Concat') shareGrid(node);

  const groups = new Map<string, { bits: number; asked: boolean; measured: string[] }>();
  for (const { tensor } of points.values()) {
    const root = sets.find(tensor);
    const group = groups.get(root) ?? { bits: 8, asked: false, measured: [] };
    groups.set(root, group);
    const asked = askedBits(tensor);
    group.bits = Math.min(group.bits, asked ?? 8);
    group.asked ||= asked !== undefined;
    const producer = topology.producer(tensor);
    const copied =
      producer !== undefined &&
      integer.has(producer) &&
      (roles.get(producer) === 'carrier' || producer.op === 'Concat') &&
      producer.inputs.some((name) => points.has(name) && sets.find(name) === root);
    if (!copied) group.measured.push(tensor);
  }

  return {
    roles,
    integer,
    absorbed,
    points: new Map([...points].map(([name, point]) => [name, { ...point, group: sets.find(name) }])),
    groups,
    firstAndLast: new Set(
      nodes.filter((node) => isWeighted(node) && (!reach.after.has(node) || !reach.before.has(node))),
    ),
    reach,
  };

  function activationInputs(node: Node): readonly string[] {
    const inputs = roles.get(node) === 'weighted' ? node.inputs.slice(0, 1) : node.inputs;
    return inputs.filter((name) => topology.isActivation(name));
  }

  /**
   * Elementwise work before the first and after the last weighted layer is small, and exact in float. Only a residual
   * sum at the end of a network without classifier is neither.
   */
  function runsAsIntegers(node: Node): boolean {
    if (!reach.after.has(node)) return false;
    return reach.before.has(node) || isResidualSum(node);
  }

  function isResidualSum(node: Node): boolean {
    const ends = topology.isOutput(afterActivations(node.outputs[0] as string));
    return node.op === 'Add' && !ends && node.inputs.every((name) => integer.has(beforeActivations(name) as Node));
  }

  function beforeActivations(name: string): Node | undefined {
    let producer = topology.producer(name);
    while (has(producer, 'activation')) producer = topology.producer(producer.inputs[0] as string);
    return producer;
  }

  /** The tensor at the end of the Relu and Clip nodes that alone read a value. */
  function afterActivations(name: string): string {
    let value = name;
    for (let next = topology.onlyConsumer(value); has(next, 'activation'); next = topology.onlyConsumer(value)) {
      value = next.outputs[0] as string;
    }
    return value;
  }

  /** Gemm and MatMul give float sums as well; the other kernels only integers. */
  function mustBeQuantised(node: Node): boolean {
    if (node.op === 'Gemm' || node.op === 'MatMul' || node.op === 'ConvTranspose') return false;
    return roles.get(node) === 'arithmetic' || options.outputs === 'integer' || reach.before.has(node);
  }

  function need(tensor: string): void {
    if (points.has(tensor)) return;
    let source = tensor;
    let bounds: Range = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
    for (;;) {
      const producer = topology.producer(source);
      if (!has(producer, 'activation')) break;
      const input = producer.inputs[0] as string;
      if (topology.onlyConsumer(input) !== producer || topology.producer(input) === undefined) break;
      const own = boundsOf(producer, topology) as Range;
      bounds = { low: clamp(bounds.low, own), high: clamp(bounds.high, own) };
      absorbed.add(producer);
      source = input;
    }
    points.set(tensor, { tensor, source, bounds });
    const producer = topology.producer(source);
    if (!has(producer, 'carrier')) return;
    const input = producer.inputs[0] as string;
    integer.add(producer);
    need(input);
    if (source === tensor) sets.join(tensor, input);
    for (const output of producer.outputs) need(afterActivations(output));
  }

  /** A tensor that only one Concat reads takes the grid of its result, so that nothing is rounded twice. */
  function shareGrid(node: Node): void {
    const output = afterActivations(node.outputs[0] as string);
    if (output !== node.outputs[0] || !points.has(output)) return;
    for (const name of activationInputs(node)) if (topology.onlyConsumer(name) === node) sets.join(name, output);
  }

  /** The bits that the options ask for; undefined for what keeps 8. */
  function askedBits(tensor: string): number | undefined {
    const producer = topology.producer(tensor);
    if (producer === undefined || !(isWeighted(producer) || reach.after.has(producer))) return undefined;
    const layers = layersFed(tensor);
    if (layers.size === 0)
      return options.summands === 'activations' && isSummand(tensor) ? options.activations : undefined;
    const onlyLast = [...layers].every((layer) => !reach.before.has(layer));
    return onlyLast ? options.lastActivations : options.activations;
  }

  function isSummand(tensor: string): boolean {
    return topology.consumers(tensor).some((reader) => reader.op === 'Add' && integer.has(reader));
  }

  /** The weighted layers that a tensor enters directly, or through operators that select and average values. */
  function layersFed(tensor: string, seen = new Set<string>()): Set<Node> {
    const layers = new Set<Node>();
    if (seen.has(tensor)) return layers;
    seen.add(tensor);
    for (const reader of topology.consumers(tensor)) {
      if (isWeighted(reader)) layers.add(reader);
      else if (roles.get(reader) === 'carrier' || averages.has(reader.op)) {
        for (const output of reader.outputs) for (const layer of layersFed(output, seen)) layers.add(layer);
      }
    }
    return layers;
  }
}

const averages: ReadonlySet<string> = new Set(['AveragePool', 'Concat', 'GlobalAveragePool']);

function clamp(value: number, { low, high }: Range): number {
  return Math.min(high, Math.max(low, value));
}
