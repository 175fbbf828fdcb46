import { namesRead } from '@datafree/core';
import type { Graph, Node, Tensor } from '@datafree/plugin';

/** Who makes and who reads each value of a graph. */
export class Topology {
  readonly graph: Graph;
  readonly #producers = new Map<string, Node>();
  readonly #consumers = new Map<string, Node[]>();
  readonly #outputs: ReadonlySet<string>;

  constructor(graph: Graph) {
    this.graph = graph;
    this.#outputs = new Set(graph.outputs.map((output) => output.name));
    for (const node of graph.nodes) {
      for (const name of node.outputs) if (name !== '') this.#producers.set(name, node);
      for (const name of new Set(namesRead(node))) {
        const readers = this.#consumers.get(name);
        if (readers === undefined) this.#consumers.set(name, [node]);
        else readers.push(node);
      }
    }
  }

  /** The node that makes a value; undefined for inputs and initializers. */
  producer(value: string): Node | undefined {
    return this.#producers.get(value);
  }

  /** The nodes that read a value, each once. */
  consumers(value: string): readonly Node[] {
    return this.#consumers.get(value) ?? [];
  }

  isOutput(value: string): boolean {
    return this.#outputs.has(value);
  }

  /** The content of an initializer. */
  constant(value: string | undefined): Tensor | undefined {
    return value === undefined ? undefined : this.graph.initializers.get(value);
  }

  /** True for a value that depends on the network's input: not an initializer, not left out. */
  isActivation(value: string): boolean {
    return value !== '' && !this.graph.initializers.has(value);
  }

  /** The one node that reads a value, when nothing else does and it is not a graph output. */
  onlyConsumer(value: string): Node | undefined {
    const readers = this.consumers(value);
    return readers.length === 1 && !this.isOutput(value) ? readers[0] : undefined;
  }
}
