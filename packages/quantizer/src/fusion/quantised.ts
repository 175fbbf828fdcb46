import type { Graph, Node, Tensor } from '@datafree/plugin';
import { arithmetic, boundsOf, carriers, carriesIntegers, type Role } from '../plan/operators.ts';
import { type Reach, reachOf } from '../plan/reach.ts';
import { Topology } from '../topology.ts';

/** Operators with a constant weight in their second input. */
const weighted: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);

/** A network of QuantizeLinear and DequantizeLinear pairs, as its layers see each other. */
export class QuantisedGraph {
  /** The nodes that compute something of the network's input: all but the pairs, and the Clip of codes in them. */
  readonly layers: readonly Node[];
  readonly reach: Reach;
  readonly #topology: Topology;

  constructor(graph: Graph) {
    this.#topology = new Topology(graph);
    this.layers = graph.nodes.filter((node) => !this.#isRounding(node) && this.#activationsOf(node).length > 0);
    this.reach = reachOf(this.#topology, (node) => this.weightOf(node) !== undefined);
  }

  /** How a layer meets integers. */
  roleOf(node: Node): Role {
    if (node.domain !== '') return 'float';
    if (this.weightOf(node) !== undefined) return 'weighted';
    if (boundsOf(node, this.#topology) !== undefined) return 'activation';
    if (arithmetic.has(node.op)) return 'arithmetic';
    return carriers.has(node.op) && carriesIntegers(node, this.#topology) ? 'carrier' : 'float';
  }

  /** The constant weight of a layer, as it is stored. */
  weightOf({ op, domain, inputs: [, weight = ''] }: Node): Tensor | undefined {
    if (domain !== '' || !weighted.has(op)) return undefined;
    const producer = this.#topology.producer(weight);
    return this.#topology.constant(producer?.op === 'DequantizeLinear' ? producer.inputs[0] : weight);
  }

  /** Names of what a layer gives: codes, where its results are rounded, then the results. */
  resultsOf({ outputs }: Node): readonly string[] {
    const rounded = outputs.flatMap((name) =>
      this.#topology.consumers(name).flatMap((reader) => {
        if (reader.op !== 'QuantizeLinear') return [];
        const [codes] = reader.outputs as [string];
        const clip = this.#topology.consumers(codes).find(({ op }) => op === 'Clip');
        return [(clip ?? reader).outputs[0] as string];
      }),
    );
    return [...rounded, ...outputs];
  }

  /** True for a layer whose inputs all have been rounded. */
  takesIntegers(node: Node): boolean {
    return this.#activationsOf(node).every((name) => this.#topology.producer(name)?.op === 'DequantizeLinear');
  }

  /** True for a layer that gives an output of the network. */
  givesOutput({ outputs }: Node): boolean {
    return outputs.some((name) => this.#topology.isOutput(name));
  }

  #isRounding({ op, inputs: [input] }: Node): boolean {
    if (op === 'QuantizeLinear' || op === 'DequantizeLinear') return true;
    return op === 'Clip' && this.#topology.producer(input as string)?.op === 'QuantizeLinear';
  }

  /** The inputs of a node that are no constants, stored as integers or not. */
  #activationsOf({ inputs }: Node): readonly string[] {
    return inputs.filter((name) => {
      if (!this.#topology.isActivation(name)) return false;
      const producer = this.#topology.producer(name);
      return producer?.op !== 'DequantizeLinear' || this.#topology.isActivation(producer.inputs[0] as string);
    });
  }
}
