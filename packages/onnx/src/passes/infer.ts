import { bindInputs, GraphBuilder, type OperatorSet, type TensorType, type Value } from '@datafree/core';
import { type DatafreeError, type Graph, isDatafreeError, type Node, type Tensor } from '@datafree/plugin';

/** What is known of a graph's values at given sizes of its free dimensions. */
export interface Inferred {
  /** Type and shape of every value that could be reached. */
  readonly types: ReadonlyMap<string, TensorType>;
  /** Content of the values that do not depend on the inputs' content. */
  readonly constants: ReadonlyMap<string, Tensor>;
  /** Why a node could not be followed, by its name. What depends on it is in none of the maps. */
  readonly failures: ReadonlyMap<string, DatafreeError>;
}

/** A node put in the place of another, with the constants that it brings. */
export interface Replacement {
  readonly node: Node;
  readonly constants: ReadonlyMap<string, Tensor>;
}

/** Decides on another node once the types of its inputs are known. */
export type Replace = (node: Node, inputs: readonly (TensorType | undefined)[]) => Replacement | undefined;

/**
 * Follows shapes and constants through a graph as far as its operators are known: other than binding, one node
 * without a rule does not stop the rest.
 *
 * @throws `input-unsupported` for a free dimension without size
 */
export function infer(
  graph: Graph,
  sizes: Readonly<Record<string, number>>,
  operators: OperatorSet,
  replace?: Replace,
): Inferred {
  const builder = new GraphBuilder({ name: graph.name, operators });
  const values = new Map<string, Value>(Object.entries(bindInputs(builder, graph, sizes)));
  for (const [name, tensor] of graph.initializers) values.set(name, builder.constant(tensor));
  const failures = new Map<string, DatafreeError>();
  for (const original of graph.nodes) {
    const known = (name: string): boolean => name === '' || values.has(name);
    if (!original.inputs.every(known)) continue;
    const replacement = replace?.(
      original,
      original.inputs.map((name) => values.get(name)),
    );
    for (const [name, tensor] of replacement?.constants ?? []) values.set(name, builder.constant(tensor));
    const node = replacement?.node ?? original;
    try {
      const outputs = builder.apply(
        node.op,
        node.inputs.map((name) => values.get(name)),
        {
          attributes: node.attributes,
          domain: node.domain,
          outputs: node.outputs.length,
          name: node.name,
        },
      );
      node.outputs.forEach((name, i) => {
        if (name !== '') values.set(name, outputs[i] as Value);
      });
    } catch (error) {
      if (!isDatafreeError(error)) throw error;
      failures.set(node.name, error);
    }
  }
  const constants = new Map<string, Tensor>();
  for (const [name, value] of values) {
    const content = builder.constantOf(value);
    if (content !== undefined) constants.set(name, content);
  }
  return { types: values, constants, failures };
}
