import { DatafreeError, type Node } from '@datafree/plugin';

/** The error for a node that opset 21 cannot say. */
export function refuse(node: Node, opset: number, what: string): DatafreeError {
  return new DatafreeError(
    'opset-unsupported',
    `${node.op} "${node.name || node.outputs[0]}" of opset ${opset}: ${what}.`,
    {
      node: node.name,
      op: node.op,
      hint: 'Export the network with an opset from 13 to 21.',
    },
  );
}
