import { DatafreeError } from '@datafree/plugin';
import type { InferContext } from '../../graph/operator.ts';
import { numbersOf } from '../../tensor.ts';

/** The numbers of an input that the output's shape depends on. @throws `shape-mismatch` when it is not constant */
export function contentOf(context: InferContext, index: number, what: string): number[] {
  const tensor = context.constant(index);
  if (tensor !== undefined) return Array.from(numbersOf(tensor));
  throw new DatafreeError('shape-mismatch', `${what} (input ${index}) must be constant.`, {
    hint: 'Export the network so that this follows from shapes alone, not from samples.',
  });
}

/** Like {@link contentOf}, for an input that may be left out. */
export function contentIfGiven(context: InferContext, index: number, what: string): number[] | undefined {
  return context.inputs[index] === undefined ? undefined : contentOf(context, index, what);
}
