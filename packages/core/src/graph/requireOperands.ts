import { DatafreeError } from '@datafree/plugin';
import type { Operator } from './operator.ts';

/** @throws `shape-mismatch` for inputs that an operator needs and does not have, or has and does not take */
export function requireOperands({ operands }: Operator, inputs: readonly unknown[]): void {
  if (operands === undefined) return;
  const [least, most] = operands;
  const missing = Array.from({ length: least }, (_, i) => inputs[i]).indexOf(undefined);
  const given = inputs.findLastIndex((input) => input !== undefined) + 1;
  if (missing === -1 && given <= most) return;
  const takes =
    least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `${least} or more` : `${least} to ${most}`;
  const found = missing === -1 ? `${given} are given` : `input ${missing} is not given`;
  throw new DatafreeError('shape-mismatch', `it takes ${takes} ${takes === '1' ? 'input' : 'inputs'}, ${found}.`, {
    hint: 'Give the node the inputs that the ONNX specification of its operator names, in their order.',
  });
}
