import { attribute, float32Of, type OperatorSet, standardOperators } from '@datafree/core';
import { type BatchNormSite, DatafreeError, type Graph, type Node, type Tensor } from '@datafree/plugin';
import { constantsOf } from '../passes/content.ts';

/**
 * Finds the BatchNormalizations of a graph, each with the tensor that feeds it, whatever produces that tensor.
 * Parameters may be initializers or computed from initializers alone.
 *
 * @throws `batchnorm-variance` for a running variance that is not above zero, `model-invalid` for parameters of
 *   different lengths
 */
export function findBatchNorms(graph: Graph, operators: OperatorSet = standardOperators): readonly BatchNormSite[] {
  const constants = constantsOf(graph, operators);
  return graph.nodes.flatMap((node) => {
    if (node.op !== 'BatchNormalization' || node.domain !== '') return [];
    const parameters = node.inputs.slice(1, 5).map(constants);
    if (parameters.length < 4 || parameters.includes(undefined)) return [];
    return [siteOf(node, parameters as Tensor[])];
  });
}

function siteOf(node: Node, parameters: readonly Tensor[]): BatchNormSite {
  const [scale, shift, mean, variance] = parameters.map(float32Of) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const channels = mean.length;
  if ([scale, shift, variance].some((values) => values.length !== channels)) {
    throw new DatafreeError(
      'model-invalid',
      `BatchNormalization "${node.name}" has ${scale.length} scales, ${shift.length} shifts, ${channels} means and ${variance.length} variances.`,
      { node: node.name, op: node.op },
    );
  }
  const bad = variance.findIndex((value) => !(value > 0));
  if (bad >= 0) {
    const count = variance.filter((value) => !(value > 0)).length;
    throw new DatafreeError(
      'batchnorm-variance',
      `BatchNormalization "${node.name}": ${count} of ${channels} running variances are not above zero; channel ${bad} has ${variance[bad]}.`,
      {
        node: node.name,
        op: node.op,
        tensor: node.inputs[4],
        hint: 'The statistics were never gathered or the file is damaged: export the network after training, in evaluation mode.',
      },
    );
  }
  return {
    node: node.name,
    tensor: node.inputs[0] as string,
    channels,
    mean,
    variance,
    scale,
    shift,
    epsilon: attribute.floatOf(node, 'epsilon', 1e-5),
  };
}
