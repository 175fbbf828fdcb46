import { classDivergence, type Random } from '@datafree/core';
import type { Augmenter } from '@datafree/inversion';
import {
  type Context,
  type Graph,
  type Model,
  type Quantized,
  type SampleSet,
  type Session,
  type Tensor,
  throwIfAborted,
} from '@datafree/plugin';
import { viewsBy } from './views.ts';

/** On how many samples, the first ones, two networks are compared. */
const compared = 128;

/** What networks are compared on. */
export interface Comparison {
  readonly model: Model;
  readonly samples: SampleSet;
  /** Samples a run. */
  readonly batch: number;
  /** Of batches, as learning uses it. */
  readonly augmenter: Augmenter;
  /** Views are drawn from it. */
  readonly random: Random;
}

/**
 * The network that has learned, or what it was made from where learning brought it no nearer to its teacher, with a
 * warning: a rate that is too large for a network leads it further away than rounding did. Of rows of classes the
 * Kullback-Leibler divergence counts, of anything else the squared error, a mean over samples. They are shown in new
 * views: what was reconstructed before knows the samples themselves by heart.
 */
export async function unlessAstray(
  comparison: Comparison,
  quantized: Quantized,
  graph: Graph,
  context: Context,
): Promise<Quantized> {
  const [before, after] = await divergences(comparison, [quantized.graph, graph], context);
  throwIfAborted(context.signal);
  if ((after as number) <= (before as number)) return { ...quantized, graph };
  const [is, was] = [after, before].map((value) => (value as number).toPrecision(4));
  const warning = `Distillation led the network astray (divergence from its teacher ${is}, ${was} before): it stays as it was. Take more steps, or a smaller learningRate and stepRate.`;
  context.logger.warn(warning);
  return { ...quantized, warnings: [...quantized.warnings, warning] };
}

/** How far each of some graphs is from the network, over the first samples. */
async function divergences(
  { model, samples, batch, augmenter, random }: Comparison,
  graphs: readonly Graph[],
  context: Context,
): Promise<number[]> {
  const { runtime, threads, signal } = context;
  const views = await viewsBy(augmenter, { model, batch, random }, context);
  const sessions: Session[] = [];
  const sums = graphs.map(() => 0);
  let seen = 0;
  try {
    for (const graph of [model.graph, ...graphs]) {
      sessions.push(await runtime.compile(graph, { threads }));
    }
    for await (const { data } of samples.batches(batch)) {
      // A network of a fixed batch takes no smaller one.
      if (data.dims[0] !== batch || seen >= compared) break;
      const view = await views.of(data, seen);
      seen += batch;
      const outputs: Tensor[] = [];
      for (const session of sessions) {
        throwIfAborted(signal);
        outputs.push((await session.run({ [model.input.name]: view }))[model.output.name] as Tensor);
      }
      const [taught, ...learned] = outputs;
      learned.forEach((own, i) => {
        sums[i] = (sums[i] as number) + divergence(taught as Tensor, own);
      });
    }
  } finally {
    await Promise.all([views, ...sessions].map((own) => own.dispose()));
  }
  return sums.map((sum) => sum / Math.max(1, seen));
}

/** How far one output is from another: of rows, over their classes; otherwise squared, element by element. */
function divergence(from: Tensor, to: Tensor): number {
  const [x, y] = [from.data as Float32Array, to.data as Float32Array];
  const [, classes = 0] = from.dims;
  if (from.dims.length !== 2 || classes < 2)
    return x.reduce((sum, value, i) => sum + (value - (y[i] as number)) ** 2, 0);
  return classDivergence(logitsOf(x, classes), logitsOf(y, classes), classes);
}

/** The smallest probability whose logarithm is taken. */
const least = 1e-12;

/** Rows of logits as they are; of those that are probabilities the logarithms. */
function logitsOf(rows: Float32Array, classes: number): Float32Array {
  const logits = rows.slice();
  for (let at = 0; at < rows.length; at += classes) {
    const row = logits.subarray(at, at + classes);
    const total = row.reduce((sum, value) => sum + value, 0);
    const probabilities = row.every((value) => value >= 0) && Math.abs(total - 1) < 0.05;
    if (probabilities) row.set(row.map((value) => Math.log(Math.max(value, least))));
  }
  return logits;
}
