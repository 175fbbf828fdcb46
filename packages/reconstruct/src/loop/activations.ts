import { batchSizes, bind, elementCount, filledBatch, operatorSetOf } from '@datafree/core';
import {
  type Context,
  type Graph,
  type Model,
  type SampleSet,
  type Session,
  type Tensor,
  throwIfAborted,
} from '@datafree/plugin';
import type { Block } from '../blocks/blocks.ts';
import { partBetween } from '../blocks/part.ts';
import type { Entered } from './entered.ts';
import { outputsOf } from './run.ts';

/** The most values that are held of what enters and leaves a block: 512 MiB. */
export const held = 2 ** 27;

/** What enters and leaves a block for some samples. */
export interface Activations {
  readonly count: number;
  /** What enters it in the network, and in its quantised form. */
  readonly exact: Float32Array;
  readonly own: Float32Array;
  /** What leaves it in the network; what enters it, where a block has no extent. */
  readonly targets: Float32Array;
}

/** Where activations come from. */
export interface ActivationSource {
  readonly model: Model;
  /** The quantised network, blocks before this one as they were reconstructed. */
  readonly quantised: Graph;
  readonly block: Block;
  readonly samples: SampleSet;
  /** Samples that are run at once. */
  readonly batch: number;
  /** The block's entry, or one before it, from which both networks go on; they begin with the samples when absent. */
  readonly entered?: Entered | undefined;
}

/** Samples whose activations around a block fit the memory. @param room values that may be held */
export function windowOf(
  { block, samples, batch }: Pick<ActivationSource, 'block' | 'samples' | 'batch'>,
  room = held,
): number {
  const each = 2 * elementCount(block.entryShape) + elementCount(block.exitShape);
  const fitting = Math.max(1, Math.floor(room / each / batch)) * batch;
  return Math.min(samples.count, fitting);
}

/**
 * What enters and leaves a block: runs the network and its quantised form up to it, from the samples or from a value that
 * is known of them.
 *
 * @param from, count which samples
 */
export async function collectActivations(
  source: ActivationSource,
  from: number,
  count: number,
  context: Context,
): Promise<Activations> {
  return (
    (await collectFromEntered(source, from, count, context)) ?? (await collectFromSamples(source, from, count, context))
  );
}

/** Undefined where something else enters the block too. */
async function collectFromEntered(
  source: ActivationSource,
  from: number,
  count: number,
  context: Context,
): Promise<Activations | undefined> {
  const { entered, model, quantised, block, batch } = source;
  if (entered === undefined) return undefined;
  const size = elementCount(entered.shape);
  const at = async (graph: Graph, every: Float32Array, value: string, shape: readonly number[]) => {
    const values = every.subarray(from * size, (from + count) * size);
    if (value === entered.value) return values;
    const shapes = { entry: [batch, ...entered.shape], exit: [batch, ...shape] };
    const part = partBetween(graph, entered.value, value, shapes);
    return part && outputsOf(part, values, source, context);
  };
  const { entry, entryShape, exit, exitShape } = block;
  const exact = await at(model.graph, entered.exact, entry, entryShape);
  const own = await at(quantised, entered.own, entry, entryShape);
  const targets = exit === entry ? exact : await at(model.graph, entered.exact, exit, exitShape);
  return exact && own && targets && { count, exact, own, targets };
}

async function collectFromSamples(
  { model, quantised, block, samples, batch }: ActivationSource,
  from: number,
  count: number,
  context: Context,
): Promise<Activations> {
  const input = model.input.name;
  const sizes = batchSizes(model.input, batch);
  const { threads, signal } = context;
  const operators = operatorSetOf(model);
  const open = (graph: Graph, keep: readonly string[]): Promise<Session> => {
    const bound = bind({ ...graph, outputs: [] }, sizes, { keep, operators });
    return context.runtime.compile(bound, { threads });
  };
  const first = block.entry === input;
  const wanted = [...new Set([block.entry, block.exit])].filter((name) => name !== input);
  const teacher = wanted.length === 0 ? undefined : await open(model.graph, wanted);
  const student = first ? undefined : await open(quantised, [block.entry]);
  try {
    const exact = new Float32Array(count * elementCount(block.entryShape));
    const own = first ? exact : new Float32Array(exact.length);
    const targets = block.exit === block.entry ? exact : new Float32Array(count * elementCount(block.exitShape));
    let position = 0;
    for await (const { data } of samples.batches(batch)) {
      const start = position - from;
      position += data.dims[0] as number;
      if (position <= from) continue;
      if (start >= count) break;
      throwIfAborted(signal);
      const feed = { [input]: filledBatch(data, batch) };
      const values = (await teacher?.run(feed)) ?? {};
      keep(exact, first ? data : (values[block.entry] as Tensor), start, count);
      if (targets !== exact) keep(targets, values[block.exit] as Tensor, start, count);
      if (student !== undefined) keep(own, (await student.run(feed))[block.entry] as Tensor, start, count);
    }
    return { count, exact, own, targets };
  } finally {
    await teacher?.dispose();
    await student?.dispose();
  }
}

/** Copies the samples of a batch to their place; those beyond the window fall away. */
function keep(into: Float32Array, { data }: Tensor, start: number, count: number): void {
  const values = data as Float32Array;
  const each = into.length / count;
  into.set(values.subarray(0, Math.min(values.length, into.length - start * each)), start * each);
}
