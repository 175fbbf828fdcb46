import { bind, elementCount, operatorSetOf, tensorOf } from '@datafree/core';
import { type Context, type Graph, type Tensor, throwIfAborted } from '@datafree/plugin';
import type { ActivationSource } from './activations.ts';

/**
 * Runs a part of a network, of one value that enters and one that leaves it, a batch at a time.
 *
 * @param values what enters it, a row a sample
 * @param take is given what leaves it for a batch, a row a sample, and the place of its first sample
 * @throws `aborted`, `runtime-failed`
 */
export async function runPart(
  part: Graph,
  values: Float32Array,
  { model, batch }: Pick<ActivationSource, 'model' | 'batch'>,
  context: Context,
  take: (rows: Float32Array, first: number) => void,
): Promise<void> {
  const [entry, exit] = endsOf(part);
  const size = rowSize(entry);
  const count = values.length / size;
  const { threads } = context;
  const bound = bind(part, {}, { operators: operatorSetOf(model) });
  const session = await context.runtime.compile(bound, { threads });
  try {
    for (let first = 0; first < count; first += batch) {
      throwIfAborted(context.signal);
      const end = Math.min(count, first + batch);
      const inputs = new Float32Array(batch * size);
      inputs.set(values.subarray(first * size, end * size));
      const outputs = await session.run({ [entry.name]: tensorOf('float32', entry.shape, inputs) });
      const rows = (outputs[exit.name] as Tensor<'float32'>).data;
      take(rows.subarray(0, ((end - first) * rows.length) / batch), first);
    }
  } finally {
    await session.dispose();
  }
}

/** What leaves a part of a network, a row a sample; else as {@link runPart}. */
export async function outputsOf(
  part: Graph,
  values: Float32Array,
  source: Pick<ActivationSource, 'model' | 'batch'>,
  context: Context,
): Promise<Float32Array> {
  const [entry, exit] = endsOf(part);
  const size = rowSize(exit);
  const all = new Float32Array((values.length / rowSize(entry)) * size);
  await runPart(part, values, source, context, (rows, first) => all.set(rows, first * size));
  return all;
}

interface End {
  readonly name: string;
  /** With the batch axis. */
  readonly shape: readonly number[];
}

/** What enters and what leaves a part. */
function endsOf({ inputs, outputs }: Graph): [End, End] {
  return [inputs[0], outputs[0]] as [End, End];
}

/** Values of one sample. */
function rowSize({ shape }: End): number {
  return elementCount(shape.slice(1));
}
