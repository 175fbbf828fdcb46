import { DatafreeError, type Graph } from '@datafree/plugin';
import { standardOperators } from '../ops/index.ts';
import { GraphBuilder } from './builder.ts';
import type { OperatorSet, TensorType, Value } from './operator.ts';

/**
 * Gives free dimensions a size: inputs get concrete shapes, every shape is checked, constants are folded, equal
 * nodes shared and dead ones removed.
 *
 * @param sizes size of each free dimension by name: `{ N: 64 }`
 * @param options.keep names of inner values to add to the outputs
 * @throws `input-unsupported` for a free dimension without size, and what the shape rules throw
 */
export function bind(
  graph: Graph,
  sizes: Readonly<Record<string, number>>,
  options: { readonly keep?: readonly string[]; readonly operators?: OperatorSet } = {},
): Graph {
  const builder = new GraphBuilder({ name: graph.name, operators: options.operators ?? standardOperators });
  const names = [...new Set([...graph.outputs.map((output) => output.name), ...(options.keep ?? [])])];
  const find = builder.inline(graph, bindInputs(builder, graph, sizes), { wanted: names });
  for (const name of names) builder.output(find(name), name);
  return { ...builder.build(), metadata: graph.metadata };
}

/** Declares the inputs of `graph` in `builder`, free dimensions replaced by their sizes. @throws `input-unsupported` */
export function bindInputs(
  builder: GraphBuilder,
  graph: Graph,
  sizes: Readonly<Record<string, number>>,
): Record<string, Value> {
  return Object.fromEntries(
    graph.inputs.map(({ name, dtype, shape }) => {
      const concrete = shape.map((dim) => {
        const size = typeof dim === 'number' ? dim : sizes[dim];
        if (size === undefined) {
          throw new DatafreeError(
            'input-unsupported',
            `Input "${name}" has a free dimension "${dim}" without a size.`,
            {
              tensor: name,
              hint: `Give it a size: { ${JSON.stringify(dim)}: 1 }.`,
            },
          );
        }
        return size;
      });
      return [name, builder.input(name, dtype, concrete)];
    }),
  );
}

/**
 * Element type and shape of every value of the graph at the given sizes.
 *
 * @throws `input-unsupported`, `operator-unknown`, `shape-mismatch`
 */
export function inferTypes(
  graph: Graph,
  sizes: Readonly<Record<string, number>>,
  operators: OperatorSet = standardOperators,
): ReadonlyMap<string, TensorType> {
  const builder = new GraphBuilder({ name: graph.name, operators });
  const names = graph.nodes.flatMap((node) => node.outputs.filter((name) => name !== ''));
  const find = builder.inline(graph, bindInputs(builder, graph, sizes), { wanted: names });
  const all = [...graph.inputs.map((input) => input.name), ...names];
  const types = new Map<string, TensorType>(all.map((name) => [name, find(name)]));
  for (const [name, tensor] of graph.initializers) types.set(name, { dtype: tensor.dtype, shape: tensor.dims });
  return types;
}
