import {
  add,
  batchSizes,
  bindInputs,
  differentiate,
  GraphBuilder,
  gradientObstacles,
  isFloat,
  operatorKey,
  operatorSetOf,
  reduceMean,
  standardOperators,
  type Value,
} from '@datafree/core';
import type { ErrorCode, Graph, Model, Node } from '@datafree/plugin';

/** What a problem stands in the way of. */
export type Work = 'synthesis by gradients' | 'quantisation';

/** An operator that stands in the way of data-free work. */
export interface Obstacle {
  readonly code: ErrorCode;
  readonly message: string;
  readonly node: string;
  readonly op: string;
  readonly prevents: readonly Work[];
}

/** The nodes whose operator is not known: neither shapes nor derivatives can be followed through them. */
export function unknownOperators({ nodes }: Graph): Obstacle[] {
  const prevents = ['synthesis by gradients', 'quantisation'] as const;
  return nodes
    .filter(({ domain, op }) => !standardOperators.has(operatorKey(domain, op)))
    .map((node) => obstacle('operator-unknown', node, 'is not known here', prevents));
}

/**
 * The nodes that keep what the synthesizers read, the inputs of each BatchNormalization and the output, from being
 * differentiated by the network's input. All operators must be known.
 *
 * @throws `operator-no-gradient` where there is none of them, but an operator has no derivative in the form at hand
 */
export function underivedOperators(model: Model): Obstacle[] {
  const { graph, input, output, batchNorms } = model;
  const b = new GraphBuilder({ name: graph.name, operators: operatorSetOf(model) });
  const inputs = bindInputs(b, graph, batchSizes(input, 1));
  const start = inputs[input.name] as Value;
  const wanted = new Set([...batchNorms.map(({ tensor }) => tensor), output.name]);
  wanted.delete(input.name);
  const find = b.inline(graph, inputs, { wanted: [...wanted] });
  const values = [...wanted].map(find);
  const found = new Map(
    values.flatMap((value) => gradientObstacles(b, value, [start])).map((node) => [node.name, node]),
  );
  if (found.size === 0) {
    const means = values.filter(({ dtype }) => isFloat(dtype)).map((value) => reduceMean(b, value));
    const sum = means.reduce((total, mean) => add(b, total, mean), b.scalar(0));
    differentiate(b, sum, [start]);
  }
  const prevents = ['synthesis by gradients'] as const;
  return [...found.values()].map((node) => obstacle('operator-no-gradient', node, 'has no derivative', prevents));
}

function obstacle(code: ErrorCode, { op, name, domain }: Node, problem: string, prevents: readonly Work[]): Obstacle {
  const full = domain === '' ? op : `${domain}:${op}`;
  const message = `Operator ${full} (node "${name}") ${problem}. It prevents ${prevents.join(' and ')}.`;
  return { code, message, node: name, op: full, prevents };
}
