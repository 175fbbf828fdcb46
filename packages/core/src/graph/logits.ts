import type { Graph } from '@datafree/plugin';

/** Name of the value that holds the logits of an output: the output, or what enters the Softmax that makes it. */
export function logitsName(graph: Graph, output: string): string {
  const producer = graph.nodes.find((node) => node.outputs.includes(output));
  return producer?.op === 'Softmax' || producer?.op === 'LogSoftmax' ? (producer.inputs[0] as string) : output;
}
