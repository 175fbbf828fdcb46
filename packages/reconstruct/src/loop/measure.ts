import { elementCount } from '@datafree/core';
import type { Context, Graph } from '@datafree/plugin';
import type { Block } from '../blocks/blocks.ts';
import { partBetween } from '../blocks/part.ts';
import type { ActivationSource, Activations } from './activations.ts';
import { runPart } from './run.ts';
import { shapesOf } from './step.ts';

/**
 * How far what leaves a block of the quantised network is from what the network has there, when the block is fed what
 * it will be fed: squared distance, summed over channels, averaged over samples and positions.
 */
export async function measuredError(
  quantised: Graph,
  block: Block,
  { count, own, targets }: Activations,
  source: Pick<ActivationSource, 'model' | 'batch'>,
  context: Context,
): Promise<number> {
  const part = partBetween(quantised, block.entry, block.exit, shapesOf(block, source.batch)) as Graph;
  const exitSize = elementCount(block.exitShape);
  let sum = 0;
  await runPart(part, own, source, context, (rows, first) => {
    const from = first * exitSize;
    for (let i = 0; i < rows.length; i++) sum += ((rows[i] as number) - (targets[from + i] as number)) ** 2;
  });
  return (sum / (count * exitSize)) * (block.exitShape[0] ?? 1);
}
