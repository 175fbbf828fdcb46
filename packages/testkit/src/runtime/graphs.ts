import {
  canonicalOpset,
  differentiate,
  elementCount,
  GraphBuilder,
  isFloat,
  mul,
  type OperatorSet,
  operatorKey,
  Random,
  reduceSum,
  tensorOf,
  type Value,
} from '@datafree/core';
import type { Graph, Node, Tensor, Tensors } from '@datafree/plugin';
import type { CaseInput, OperatorCase } from './cases/case.ts';

/** A graph and something to feed it with. */
export interface Trial {
  readonly graph: Graph;
  readonly feeds: Tensors;
}

/** The case as a graph of one node, nothing folded. */
export function forwardTrial(row: OperatorCase, operators: OperatorSet): Trial {
  const domain = row.domain ?? '';
  const operator = operators.get(operatorKey(domain, row.op))!;
  const tensors = contents(row);
  const names = row.inputs.map((input, i) => (input === undefined ? '' : `x${i}`));
  const node: Node = {
    op: row.op,
    domain,
    name: row.op,
    inputs: names,
    outputs: Array.from({ length: row.outputs ?? 1 }, (_, i) => `y${i}`),
    attributes: row.attributes ?? {},
  };
  const types = tensors.map((tensor) => tensor && { dtype: tensor.dtype, shape: tensor.dims });
  const outputs = operator.infer({
    node,
    inputs: types,
    constant: (i) => (isFed(row.inputs[i]) ? undefined : tensors[i]),
  });
  const named = names.flatMap((name, i) => (tensors[i] === undefined ? [] : [[name, tensors[i], i] as const]));
  const fed = named.filter(([, , i]) => isFed(row.inputs[i]));
  const fixed = named.filter(([, , i]) => !isFed(row.inputs[i]));
  return {
    graph: {
      name: row.op,
      opset: { '': canonicalOpset, ...(domain === '' ? {} : { [domain]: 1 }) },
      inputs: fed.map(([name, { dtype, dims }]) => ({ name, dtype, shape: dims })),
      outputs: node.outputs.map((name, i) => ({ name, ...outputs[i]! })),
      initializers: new Map(fixed.map(([name, tensor]) => [name, tensor])),
      nodes: [node],
      metadata: new Map(),
    },
    feeds: Object.fromEntries(fed.map(([name, tensor]) => [name, tensor])),
  };
}

/**
 * The gradient of a weighted sum of the case's outputs to its float inputs, as a graph: undefined where there is
 * nothing to differentiate.
 */
export function gradientTrial(row: OperatorCase, operators: OperatorSet): Trial | undefined {
  const domain = row.domain ?? '';
  if (row.gradient === false || operators.get(operatorKey(domain, row.op))?.gradient === undefined) return undefined;
  const builder = new GraphBuilder({ name: `gradient of ${row.op}`, operators });
  const tensors = contents(row);
  const feeds: Record<string, Tensor> = {};
  const wrt: Value[] = [];
  const inputs = row.inputs.map((input, i) => {
    const tensor = tensors[i];
    if (tensor === undefined) return undefined;
    if (!isFed(input)) return builder.constant(tensor, `x${i}`);
    feeds[`x${i}`] = tensor;
    const value = builder.input(`x${i}`, tensor.dtype, tensor.dims);
    if (isFloat(value.dtype)) wrt.push(value);
    return value;
  });
  const outputs = builder.apply(row.op, inputs, {
    domain,
    outputs: row.outputs ?? 1,
    ...(row.attributes === undefined ? {} : { attributes: row.attributes }),
  });
  const through = outputs.filter((output, i) => isFloat(output.dtype) && (row.through?.includes(i) ?? true));
  if (wrt.length === 0 || through.length === 0) return undefined;
  const random = new Random(2).fork(row.op, row.title);
  const terms = through.map((output) => {
    const factors = random.uniforms(elementCount(output.shape), -1, 1);
    return reduceSum(builder, mul(builder, output, builder.constant(tensorOf('float32', output.shape, factors))));
  });
  const loss = terms.reduce((sum, term) => builder.op('Add', [sum, term]));
  differentiate(builder, loss, wrt).forEach((gradient, i) => {
    builder.output(gradient, `d${wrt[i]!.name}`);
  });
  return { graph: builder.build(), feeds };
}

/** Whether an input of a case is fed, rather than a constant of the graph. */
function isFed(input: CaseInput | undefined): boolean {
  return input?.kind === 'seeded' && !input.constant;
}

function contents(row: OperatorCase): (Tensor | undefined)[] {
  const random = new Random(1).fork(row.op, row.title);
  return row.inputs.map((input) => {
    if (input?.kind !== 'seeded') return input?.tensor;
    const { dtype, shape, low, high } = input;
    const values = random.uniforms(elementCount(shape), low, high);
    return tensorOf(dtype, shape, isFloat(dtype) ? values : values.map(Math.floor));
  });
}
