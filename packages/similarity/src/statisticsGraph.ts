import {
  bindInputs,
  GraphBuilder,
  mul,
  operatorSetOf,
  reduceSum,
  reduceSumSquare,
  sub,
  tensorOf,
} from '@datafree/core';
import { DatafreeError, type Graph, type Model } from '@datafree/plugin';

/** A graph that gives, for each BatchNormalization, sums over every row of the tensor that feeds it. */
export interface StatisticsGraph {
  readonly graph: Graph;
  /** Samples in one run. */
  readonly batch: number;
  /** In the order of the model's BatchNormalizations. */
  readonly layers: readonly StatisticsOutput[];
}

/** Where a layer's sums are found. */
interface StatisticsOutput {
  /** Output with the sums of `value − running mean`: [rows, channels]. */
  readonly sums: string;
  /** Output with the sums of its square: [rows, channels]. */
  readonly squares: string;
  /** Rows of one sample, one after the other: 1 unless the network folds another axis into the first. */
  readonly rows: number;
  /** Values summed in each channel of a row. */
  readonly positions: number;
}

/**
 * Writes the part of the network up to its last BatchNormalization, with the sums of each layer as its outputs. Samples
 * do not mix: sums are over the positions of one sample.
 *
 * @param batch samples in one run; a network whose batch is fixed keeps its own
 * @throws `unsupported` when a tensor cannot be split into samples, and what `bind` throws
 */
export function statisticsGraph(model: Model, batch: number): StatisticsGraph {
  const [axis] = model.input.shape;
  const size = typeof axis === 'number' ? axis : batch;
  const builder = new GraphBuilder({ name: `statistics of ${model.graph.name}`, operators: operatorSetOf(model) });
  const inputs = bindInputs(builder, model.graph, typeof axis === 'string' ? { [axis]: size } : {});
  const find = builder.inline(model.graph, inputs, { wanted: model.batchNorms.map((site) => site.tensor) });
  const layers = model.batchNorms.map(({ node, tensor, channels, mean }, layer): StatisticsOutput => {
    const value = find(tensor);
    const [rows = 1, found, ...positions] = value.shape;
    if (rows % size !== 0 || found !== channels) {
      throw new DatafreeError(
        'unsupported',
        `The input of "${node}", [${value.shape}], cannot be split into ${size} samples.`,
        {
          node,
          tensor,
        },
      );
    }
    const running = builder.constant(tensorOf('float32', [channels, ...positions.map(() => 1)], mean));
    const centred = sub(builder, value, running);
    const axes = positions.map((_, i) => i + 2);
    const sums = axes.length === 0 ? centred : reduceSum(builder, centred, axes);
    const squares = axes.length === 0 ? mul(builder, centred, centred) : reduceSumSquare(builder, centred, axes);
    const names = { sums: `similarity.sums.${layer}`, squares: `similarity.squares.${layer}` };
    builder.output(sums, names.sums);
    builder.output(squares, names.squares);
    return {
      ...names,
      rows: rows / size,
      positions: positions.reduce((product, dim) => product * dim, 1),
    };
  });
  return { graph: builder.build(), batch: size, layers };
}
