import { bind, elementCount, operatorSetOf, tensorOf } from '@datafree/core';
import { type Context, type Graph, type Tensor, throwIfAborted } from '@datafree/plugin';
import type { Block } from '../blocks/blocks.ts';
import { partBetween } from '../blocks/part.ts';
import type { ActivationSource, Activations } from './activations.ts';
import { shapesOf } from './step.ts';

/**
 * How far what leaves a block of the quantised network is from what the network has there, when the block is fed what
 * it will be fed: squared distance, summed over channels, averaged over samples and positions.
 */
export async function measuredError(
  quantised: Graph,
  block: Block,
  { count, own, targets }: Activations,
  { model, batch }: Pick<ActivationSource, 'model' | 'batch'>,
  context: Context,
): Promise<number> {
  const part = partBetween(quantised, block.entry, block.exit, shapesOf(block, batch)) as Graph;
  const { threads } = context;
  const bound = bind(part, {}, { operators: operatorSetOf(model) });
  const session = await context.runtime.compile(bound, threads === undefined ? {} : { threads });
  const [entrySize, exitSize] = [elementCount(block.entryShape), elementCount(block.exitShape)];
  let sum = 0;
  try {
    for (let from = 0; from < count; from += batch) {
      throwIfAborted(context.signal);
      const inputs = new Float32Array(batch * entrySize);
      inputs.set(own.subarray(from * entrySize, Math.min(count, from + batch) * entrySize));
      const feed = { [block.entry]: tensorOf('float32', [batch, ...block.entryShape], inputs) };
      const { data } = (await session.run(feed))[block.exit] as Tensor<'float32'>;
      const wanted = targets.subarray(from * exitSize, Math.min(count, from + batch) * exitSize);
      for (let i = 0; i < wanted.length; i++) sum += ((data[i] as number) - (wanted[i] as number)) ** 2;
    }
  } finally {
    await session.dispose();
  }
  return (sum / (count * exitSize)) * (block.exitShape[0] ?? 1);
}
