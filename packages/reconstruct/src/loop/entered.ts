import type { Context, Graph } from '@datafree/plugin';
import type { Block } from '../blocks/blocks.ts';
import { partBetween } from '../blocks/part.ts';
import { type ActivationSource, type Activations, collectActivations, windowOf } from './activations.ts';
import { outputsOf } from './run.ts';
import { shapesOf } from './step.ts';

/** What enters a block for every sample: what comes after it is computed from there. */
export interface Entered {
  readonly value: string;
  /** Of one sample. */
  readonly shape: readonly number[];
  /** In the network, and in its quantised form: a row a sample. */
  readonly exact: Float32Array;
  readonly own: Float32Array;
}

/** What enters a block, where its activations were collected for every sample. */
export function entryOf({ entry, entryShape }: Block, { exact, own }: Activations): Entered {
  return { value: entry, shape: entryShape, exact, own };
}

/**
 * Whether what leaves a block is at hand for the next: it enters it, and of every sample both blocks fit the memory. Told
 * from shapes alone, so that an interrupted run goes on as it would have.
 */
export function leadsOn(
  source: Pick<ActivationSource, 'block' | 'samples' | 'batch'>,
  next: Block | undefined,
): boolean {
  if (next?.entry !== source.block.exit) return false;
  return [source.block, next].every((block) => windowOf({ ...source, block }) === source.samples.count);
}

/** What leaves a block for every sample. @param source with the block as it was reconstructed */
export async function leftOf(
  source: ActivationSource,
  { own, targets }: Activations,
  context: Context,
): Promise<Entered> {
  const { quantised, block, batch } = source;
  const part = partBetween(quantised, block.entry, block.exit, shapesOf(block, batch)) as Graph;
  return {
    value: block.exit,
    shape: block.exitShape,
    exact: targets,
    own: await outputsOf(part, own, source, context),
  };
}

/**
 * What enters the block that an interrupted run goes on with, computed in the steps in which it was computed before.
 *
 * @param done how many blocks are finished
 * @param quantisedAfter the quantised network with what its first blocks learned
 * @returns undefined where the block's activations are computed from the samples
 */
export async function enteredAgain(
  source: Omit<ActivationSource, 'block' | 'quantised' | 'entered'>,
  blocks: readonly Block[],
  done: number,
  quantisedAfter: (count: number) => Graph,
  context: Context,
): Promise<Entered | undefined> {
  const at = (index: number) => ({ ...source, block: blocks[index] as Block });
  let start = done;
  while (start > 0 && leadsOn(at(start - 1), blocks[start])) start--;
  let entered: Entered | undefined;
  for (let index = start; index < done; index++) {
    const before = { ...at(index), quantised: quantisedAfter(index), entered };
    const activations = await collectActivations(before, 0, source.samples.count, context);
    entered = await leftOf({ ...before, quantised: quantisedAfter(index + 1) }, activations, context);
  }
  return entered;
}
