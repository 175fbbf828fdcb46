import { DatafreeError } from '@datafree/plugin';
import type { InferContext, Operator, TensorType } from '../../graph/operator.ts';
import { elementCount, numbersOf, tensorOf } from '../../tensor.ts';

/**
 * Dropout as in inference: the output is the input and the mask is true everywhere. Derivative: the adjoint.
 *
 * In training mode it is refused with `unsupported`, unless its ratio is 0.
 */
export const dropoutOperator: Operator = {
  type: 'Dropout',
  infer: (context) => {
    refuseTraining(context);
    const x = context.inputs[0]!;
    const mask: TensorType = { dtype: 'bool', shape: x.shape };
    return [x, mask];
  },
  gradient: (_, [dy]) => [dy, undefined, undefined],
  evaluate: ({ inputs }) => {
    const x = inputs[0]!;
    return [x, tensorOf('bool', x.dims, new Uint8Array(elementCount(x.dims)).fill(1))];
  },
};

function refuseTraining({ inputs, constant }: InferContext): void {
  if (inputs[2] === undefined) return;
  const training = constant(2);
  const ratio = constant(1);
  if (training !== undefined && numbersOf(training)[0] === 0) return;
  if (ratio !== undefined && numbersOf(ratio)[0] === 0) return;
  throw new DatafreeError('unsupported', 'Dropout in training mode is not supported.', {
    hint: 'Export the network in inference mode.',
  });
}
