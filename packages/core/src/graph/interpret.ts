import { DatafreeError, type Graph, type Tensor, type Tensors } from '@datafree/plugin';
import { standardOperators } from '../ops/index.ts';
import { isFloat, numbersOf, tensorOf } from '../tensor.ts';
import { fedTo } from './feeds.ts';
import { withNode } from './nodeErrors.ts';
import { type OperatorSet, operatorKey } from './operator.ts';
import { requireOperands } from './requireOperands.ts';
import { tensorFault } from './wellFormed.ts';

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
  const operators = options.operators ?? standardOperators;
  const widen = options.double === true ? widened : (tensor: Tensor): Tensor => tensor;
  const values = new Map<string, Tensor>();
  for (const [name, tensor] of graph.initializers) values.set(name, widen(tensor));
  for (const input of graph.inputs) {
    const given = feeds[input.name];
    if (given === undefined) continue;
    const either = options.double === true && isFloat(input.dtype) && isFloat(given.dtype);
    values.set(input.name, widen(fedTo(either ? { ...input, dtype: given.dtype } : input, feeds)));
  }
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
      if (known !== undefined) return known;
      if (operator.evaluate === undefined) {
        throw new DatafreeError('operator-no-evaluate', 'the operator has no reference evaluation.');
      }
      return requireTensors(operator.evaluate({ node, inputs }));
    });
    node.outputs.forEach((name, i) => {
      const output = outputs[i];
      if (name !== '' && output !== undefined) values.set(name, widen(output));
    });
  }
  const wanted = options.wanted ?? graph.outputs.map((output) => output.name);
  return Object.fromEntries(wanted.map((name) => [name, find(name)]));
}

/** @throws `plugin-failed` for what is no list of tensors */
function requireTensors(outputs: readonly Tensor[]): readonly Tensor[] {
  const faults = Array.isArray(outputs) ? outputs.map((output) => output && tensorFault(output)) : ['is no list'];
  const output = faults.findIndex((fault) => fault !== undefined);
  if (output === -1) return outputs;
  throw new DatafreeError('plugin-failed', `by its evaluation output ${output} ${faults[output]}.`, {
    hint: 'Correct the `evaluate` of the operator: it gives a tensor, as tensorOf makes one, for each output.',
  });
}

function widened(tensor: Tensor): Tensor {
  return tensor.dtype === 'float32' ? tensorOf('float64', tensor.dims, numbersOf(tensor)) : tensor;
}
