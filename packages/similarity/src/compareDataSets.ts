import { Random, tensorOf } from '@datafree/core';
import {
  type Context,
  checkGiven,
  checkKind,
  DatafreeError,
  kindOf,
  type Model,
  type SampleBatch,
  type SampleSet,
  type Session,
  type Tensors,
  throwIfAborted,
} from '@datafree/plugin';
import { GroupedSums } from './groupedSums.ts';
import { parseSimilarityOptions, type SimilarityOptions } from './options.ts';
import { type StatisticsGraph, statisticsGraph } from './statisticsGraph.ts';

/** How far a data set's statistics are from those that one BatchNormalization remembers. */
export interface LayerSimilarity {
  /** Name of the BatchNormalization node. */
  readonly node: string;
  readonly channels: number;
  /** Mean over the channels of KL(data ‖ network), in nats. */
  readonly divergence: number;
  /** Half the width of its 95 % confidence interval. */
  readonly spread: number;
}

/** How alike a data set is to what the network was trained on: the smaller the divergence, the more alike. */
export interface DataSetSimilarity {
  readonly name: string;
  readonly samples: number;
  /** Mean over the layers, in nats. */
  readonly divergence: number;
  /** Half the width of its 95 % confidence interval. */
  readonly spread: number;
  /** In the order of the network. */
  readonly layers: readonly LayerSimilarity[];
}

/**
 * Measures data sets by the statistics that the network's BatchNormalizations remember of their training data.
 *
 * For every channel that feeds a BatchNormalization, the mean m and variance v over all samples and positions are
 * compared with the running mean M and variance V: `KL(N(m, v) ‖ N(M, V)) = ½ (v/V − 1 − ln(v/V) + (m − M)²/V)`
 * (Haroush et al., "The Knowledge Within", CVPR 2020), averaged over the channels of a layer and then over layers.
 * Statistics of few samples scatter, which alone makes this larger by a part that falls as 1/n. That part is taken
 * off, and the sampling spread found, by a jackknife over groups of samples, so that data sets of different sizes can
 * be compared. A divergence that is zero within its spread may come out slightly negative.
 *
 * Each data set is read once; what is held does not grow with its size.
 *
 * @param sets data sets by name, each with two samples or more of the shape that the network takes
 * @throws `batchnorm-missing`, `data-shape`, `data-empty`, `unsupported` for a single sample, `not-finite`,
 * `option-invalid`, `aborted`, and what the runtime throws
 */
export async function compareDataSets(
  model: Model,
  sets: Readonly<Record<string, SampleSet>>,
  context: Context,
  options?: SimilarityOptions,
): Promise<readonly DataSetSimilarity[]> {
  const { batchSize, groups } = parseSimilarityOptions(options);
  checkGiven('compareDataSets', { model, context });
  if (typeof sets !== 'object' || sets === null || Array.isArray(sets)) {
    throw new DatafreeError(
      'option-invalid',
      `compareDataSets: sets: ${kindOf(sets)} was given where sets of samples by name are needed.`,
      {
        path: 'sets',
        hint: 'Give an object: { real: await openData(…), synthetic: await openSamples(…) }.',
      },
    );
  }
  const entries = Object.entries(sets);
  for (const [name, set] of entries) checkKind('compareDataSets', `sets.${name}`, 'samples', set);
  check(model, entries);
  throwIfAborted(context.signal);
  const total = entries.reduce((sum, [, set]) => sum + set.count, 0);
  const graph = statisticsGraph(model, Math.min(batchSize, Math.max(1, ...entries.map(([, set]) => set.count))));
  const session = await context.runtime.compile(graph.graph, { threads: context.threads });
  try {
    const results: DataSetSimilarity[] = [];
    let done = 0;
    for (const [name, set] of entries) {
      const report = (samples: number): void => {
        done += samples;
        context.onProgress({ stage: 'similarity', done, total, unit: 'samples' });
      };
      const sums = new GroupedSums(model.batchNorms, Math.min(groups, set.count));
      const deal = dealer(Math.min(groups, set.count), new Random(context.seed).fork('similarity', name));
      for await (const batch of set.batches(graph.batch)) {
        throwIfAborted(context.signal);
        add(sums, graph, await session.run(feedsOf(model, graph, batch)), batch.data.dims[0] as number, deal);
        report(batch.data.dims[0] as number);
      }
      results.push(resultOf(model, name, set.count, sums));
    }
    return results;
  } finally {
    await session.dispose();
  }
}

function check(model: Model, sets: readonly (readonly [string, SampleSet])[]): void {
  if (model.batchNorms.length === 0) {
    throw new DatafreeError('batchnorm-missing', 'The network has no BatchNormalization to compare data with.', {
      hint: 'Export the network with its BatchNormalizations un-fused.',
    });
  }
  const shape = model.input.shape.slice(1);
  for (const [name, set] of sets) {
    if (String(set.shape) !== String(shape)) {
      throw new DatafreeError(
        'data-shape',
        `${name}: samples have shape [${set.shape.join(', ')}], but the network takes [${shape.join(', ')}].`,
      );
    }
    if (set.count === 0) throw new DatafreeError('data-empty', `${name} has no samples.`);
    if (set.count === 1) {
      throw new DatafreeError('unsupported', `${name} has one sample, which tells nothing of how samples scatter.`, {
        hint: 'Give two samples or more.',
      });
    }
  }
}

/** Deals samples into groups of equal size, in a new random order each round, so that no order of the data matters. */
function dealer(groups: number, random: Random): () => number {
  let order = random.permutation(groups);
  let next = 0;
  return () => {
    if (next === groups) {
      order = random.permutation(groups);
      next = 0;
    }
    return order[next++] as number;
  };
}

/** A batch as the graph takes it: one that is too small is filled up with zeros, whose sums are then left out. */
function feedsOf(model: Model, graph: StatisticsGraph, { data }: SampleBatch): Tensors {
  const [count = 0, ...shape] = data.dims;
  if (count === graph.batch) return { [model.input.name]: data };
  const filled = tensorOf('float32', [graph.batch, ...shape], []);
  filled.data.set(data.data);
  return { [model.input.name]: filled };
}

function add(
  sums: GroupedSums,
  graph: StatisticsGraph,
  outputs: Awaited<ReturnType<Session['run']>>,
  count: number,
  deal: () => number,
): void {
  const groups = Array.from({ length: count }, deal);
  for (const group of groups) sums.addSample(group);
  graph.layers.forEach((layer, index) => {
    const layerSums = outputs[layer.sums]!.data as Float32Array;
    const squares = outputs[layer.squares]!.data as Float32Array;
    const channels = layerSums.length / (graph.batch * layer.rows);
    for (let row = 0; row < count * layer.rows; row++) {
      const [first, end] = [row * channels, (row + 1) * channels];
      const group = groups[Math.floor(row / layer.rows)] as number;
      sums.addRow(index, group, layerSums.subarray(first, end), squares.subarray(first, end), layer.positions);
    }
  });
}

function resultOf(model: Model, name: string, samples: number, sums: GroupedSums): DataSetSimilarity {
  const { layers, total } = sums.estimate();
  const bad = layers.findIndex((layer) => !Number.isFinite(layer.value));
  if (bad >= 0) {
    const node = model.batchNorms[bad]!.node;
    throw new DatafreeError('not-finite', `${name}: the input of BatchNormalization "${node}" is not finite.`, {
      node,
      hint: 'Look for NaN or very large values in the samples, and at the preprocessing.',
    });
  }
  return {
    name,
    samples,
    divergence: total.value,
    spread: total.spread,
    layers: layers.map(({ value, spread }, i) => {
      const { node, channels } = model.batchNorms[i]!;
      return { node, channels, divergence: value, spread };
    }),
  };
}
