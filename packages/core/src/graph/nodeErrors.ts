import { DatafreeError, isDatafreeError, type Node } from '@datafree/plugin';
import { hints } from './hints.ts';
import type { TensorType } from './operator.ts';

type Types = readonly (TensorType | undefined)[];

/** Does work for a node. What it throws is told as {@link errorOf} that node. */
export function withNode<T>(node: Node, inputs: Types, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw errorOf(node, inputs, error);
  }
}

/** As {@link withNode}, for a derivative: an error about another node, which it wrote, is one of the derivative. */
export function withDerivative<T>(node: Node, inputs: Types, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const written = isDatafreeError(error) && error.node !== undefined && error.node !== node.name;
    throw errorOf(node, inputs, error, { lead: 'The derivative of ', hint: written ? derivativeHint : undefined });
  }
}

/** What to do about a derivative that is not one. */
export const derivativeHint =
  "The operator's `gradient` is wrong: correct it, or report it where the operator is one of datafree's own.";

/**
 * An error that names the node, its operator, the types of its inputs and what to do. What is not a datafree error
 * becomes `plugin-failed`.
 */
export function errorOf(
  node: Node,
  inputs: Types,
  error: unknown,
  { lead = '', hint }: { readonly lead?: string; readonly hint?: string | undefined } = {},
): DatafreeError {
  const own = isDatafreeError(error)
    ? error
    : new DatafreeError('plugin-failed', error instanceof Error ? error.message : String(error));
  const message =
    own.node === node.name
      ? `${own.message} Its inputs are ${typesOf(inputs)}.`
      : `${lead}${node.op} "${node.name}" (${typesOf(inputs)}): ${own.message}`;
  return new DatafreeError(own.code, message, {
    ...own.toJSON(),
    node: node.name,
    op: node.op,
    hint: hint ?? own.hint ?? hints[own.code],
    cause: error,
  });
}

/** The types of a node's inputs, for a message: `float32[1,3,8,8], –, int64[2]`. */
export function typesOf(inputs: Types): string {
  return inputs.map((input) => (input === undefined ? '–' : `${input.dtype}[${input.shape}]`)).join(', ');
}
