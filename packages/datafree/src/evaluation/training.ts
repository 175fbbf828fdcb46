import { attribute, numbersOf } from '@datafree/core';
import type { Graph, Node, Tensor } from '@datafree/plugin';

/**
 * How many nodes would behave as in training: BatchNormalizations that take the statistics of the batch, Dropouts that
 * drop. Networks come out like that when the exporter is told to keep the training mode.
 *
 * @param graph as it is written in the file
 */
export function inTraining(graph: Graph): number {
  return graph.nodes.filter((node) => {
    if (node.domain !== '') return false;
    if (node.op === 'BatchNormalization') return normalizesByBatch(node);
    const mode = node.op === 'Dropout' ? constant(graph, node.inputs[2]) : undefined;
    return mode?.dtype === 'bool' && numbersOf(mode)[0] === 1;
  }).length;
}

/** Before opset 14, further outputs said so. */
function normalizesByBatch(node: Node): boolean {
  return attribute.intOf(node, 'training_mode', 0) === 1 || node.outputs.filter((name) => name !== '').length > 1;
}

function constant({ nodes, initializers }: Graph, name: string | undefined): Tensor | undefined {
  if (name === undefined) return undefined;
  const value = nodes.find(({ op, outputs }) => op === 'Constant' && outputs[0] === name)?.attributes.value;
  return value?.type === 'tensor' ? value.value : initializers.get(name);
}
