import type { ErrorCode } from '@datafree/plugin';

/** What to do about an error of a node, by code, where the error itself does not say. */
export const hints: Partial<Record<ErrorCode, string>> = {
  'attribute-invalid': 'Give the node attributes as the ONNX specification of its operator has them: export it again.',
  'not-finite': 'Look at the constants that the node reads.',
  'operator-no-evaluate': 'Run the graph in a runtime, or give the operator an `evaluate`.',
  'operator-no-gradient':
    'Use a synthesizer that needs no gradients (gaussian), or add a derivative with withOperators(standardOperators, [yourOperator]).',
  'operator-unknown': 'Export the network without it, or add it with withOperators(standardOperators, [yourOperator]).',
  'plugin-failed': 'Look at the inputs that the node is given, and at the operator where it is one of your own.',
  'shape-mismatch': 'Check the sizes given to free dimensions and the size of the input; then the graph at this node.',
  unsupported: 'Export the network in inference mode and without it.',
};
