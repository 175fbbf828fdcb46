import { DatafreeError, type Graph, type Tensor, type Tensors } from '@datafree/plugin';
import { standardOperators } from '../ops/index.ts';
import { isFloat, numbersOf, tensorOf } from '../tensor.ts';
import { requireGraph } from './compilable.ts';
import { sizesOf } from './feeds.ts';
import { errorOf, withNode } from './nodeErrors.ts';
import { type OperatorSet, operatorKey } from './operator.ts';
import { requireOperands } from './requireOperands.ts';
import { requireTensors } from './wellFormed.ts';

/**
 * Runs a graph with the operators' reference evaluations: slow, exact, without native code. It is what constants are
 * folded with and what runtimes and derivatives are checked against.
 *
 * @param feeds tensors of the inputs, by name
 * @param options.double compute 32-bit floats in double precision; outputs are then float64, inputs of either
 * @param options.wanted names of values to return; the graph's outputs when absent
 * @throws `operator-unknown`, `operator-no-evaluate` and what the evaluations throw, naming the node; `value-unknown` for
 *   what was not given; `runtime-failed` for a tensor that does not fit its input
 */
export function interpret(
  graph: Graph,
  feeds: Tensors,
  options: { readonly double?: boolean; readonly wanted?: readonly string[]; readonly operators?: OperatorSet } = {},
): Record<string, Tensor> {
  requireGraph(graph);
  const operators = options.operators ?? standardOperators;
  const widen = options.double === true ? widened : (tensor: Tensor): Tensor => tensor;
  const values = new Map<string, Tensor>();
  for (const [name, tensor] of graph.initializers) values.set(name, widen(tensor));
  const given = graph.inputs.flatMap((input) => {
    const tensor = feeds?.[input.name];
    if (tensor === undefined) return [];
    const either = options.double === true && isFloat(input.dtype) && isFloat(tensor?.dtype);
    return either ? { ...input, dtype: tensor.dtype } : input;
  });
  sizesOf(given, feeds);
  for (const { name } of given) values.set(name, widen(feeds[name] as Tensor));
  const find = (name: string): Tensor => {
    const tensor = values.get(name);
    if (tensor === undefined) {
      throw new DatafreeError('value-unknown', `The value "${name}" was not given or computed.`, {
        tensor: name,
        hint: 'Feed a tensor for each input of the graph, by its name.',
      });
    }
    return tensor;
  };
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => (name === '' ? undefined : find(name)));
    const types = inputs.map((tensor) => tensor && { dtype: tensor.dtype, shape: tensor.dims });
    const outputs = withNode(node, types, () => {
      const operator = operators.get(operatorKey(node.domain, node.op));
      if (operator === undefined) throw new DatafreeError('operator-unknown', 'the operator is not known here.');
      requireOperands(operator, inputs);
      const known = operator.known?.({ node, inputs: types, constant: (index) => inputs[index] });
      if (known !== undefined) return requireTensors(known, 'known');
      if (operator.evaluate === undefined) {
        throw new DatafreeError('operator-no-evaluate', 'the operator has no reference evaluation.');
      }
      return requireTensors(operator.evaluate({ node, inputs }), 'evaluate');
    });
    node.outputs.forEach((name, i) => {
      const output = outputs[i];
      if (name !== '' && output === undefined) throw errorOf(node, types, notGiven(i));
      if (name !== '' && output !== undefined) values.set(name, widen(output));
    });
  }
  const wanted = options.wanted ?? graph.outputs.map((output) => output.name);
  return Object.fromEntries(wanted.map((name) => [name, find(name)]));
}

function notGiven(output: number): DatafreeError {
  return new DatafreeError('plugin-failed', `by its evaluation there is no output ${output}.`, {
    hint: 'Let the `evaluate` of the operator give each output that its nodes have.',
  });
}

function widened(tensor: Tensor): Tensor {
  return tensor.dtype === 'float32' ? tensorOf('float64', tensor.dims, numbersOf(tensor)) : tensor;
}
