import { DatafreeError, type DType } from '@datafree/plugin';
import { isFloat, isHalf } from '../tensor.ts';
import type { Operator } from './operator.ts';

type Input = { readonly dtype: DType } | undefined;

/**
 * @throws `shape-mismatch` for inputs that an operator needs and does not have, or has and does not take, and for a first
 *   input of elements that it cannot compute with
 */
export function requireOperands(operator: Operator, inputs: readonly Input[]): void {
  requireCount(operator, inputs);
  const { elements } = operator;
  const dtype = inputs[0]?.dtype;
  if (elements === undefined || dtype === undefined || isFloat(dtype) || isHalf(dtype)) return;
  if (elements === 'numeric' && dtype !== 'bool' && dtype !== 'string') return;
  const wanted = elements === 'floating' ? 'floating-point numbers' : 'numbers';
  throw new DatafreeError('shape-mismatch', `it takes ${wanted}, its first input is of type ${dtype}.`, {
    hint: 'Put a Cast to float32 before the node.',
  });
}

function requireCount({ operands, domain = '' }: Operator, inputs: readonly Input[]): void {
  if (operands === undefined) return;
  const [least, most] = operands;
  const missing = Array.from({ length: least }, (_, i) => inputs[i]).indexOf(undefined);
  const given = inputs.findLastIndex((input) => input !== undefined) + 1;
  // One of any number cannot be left out.
  const gap = most === Number.POSITIVE_INFINITY ? inputs.indexOf(undefined) : -1;
  if (missing === -1 && gap === -1 && given <= most) return;
  const takes =
    least === most ? `${least}` : most === Number.POSITIVE_INFINITY ? `${least} or more` : `${least} to ${most}`;
  const without = missing === -1 ? gap : missing;
  const found = without === -1 ? `${given} are given` : `input ${without} is not given`;
  throw new DatafreeError('shape-mismatch', `it takes ${takes} ${takes === '1' ? 'input' : 'inputs'}, ${found}.`, {
    hint:
      domain === ''
        ? 'Give the node the inputs that the ONNX specification of its operator names, in their order.'
        : 'Give the node as many inputs as the `operands` of its operator say.',
  });
}
