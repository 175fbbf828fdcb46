import {
  batchSizes,
  bind,
  elementCount,
  filledBatch,
  fixedBatch,
  float32Of,
  inferTypes,
  operatorSetOf,
} from '@datafree/core';
import {
  type Context,
  DatafreeError,
  type Graph,
  type Model,
  type SampleSet,
  type Tensor,
  throwIfAborted,
} from '@datafree/plugin';

/** Activations held at once when the batch size is left open, in bytes. */
const activationBudget = 256 * 2 ** 20;
const largestBatch = 64;

/** What is run, on what. */
export interface Observation {
  /** A network with the input of `model`. */
  readonly graph: Graph;
  readonly model: Model;
  readonly samples: SampleSet;
  /** Names of the values to see. */
  readonly tensors: readonly string[];
  /** Samples that are run at once; as many as fit 256 MB of what is seen, at most 64, when absent. */
  readonly batch: number | undefined;
  /** Stage of the progress events. */
  readonly stage: string;
}

/** The values of one tensor for consecutive samples: `dims[0]` is their number. */
export interface ObservedValues {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/**
 * Runs a network over all samples, one batch at a time, and shows the wanted values of each.
 *
 * @throws `data-shape`, `data-empty`, `aborted`, and what the runtime throws
 */
export async function observe(
  observation: Observation,
  context: Context,
  see: (valuesOf: (tensor: string) => ObservedValues) => void,
): Promise<void> {
  const { graph, model, samples, stage } = observation;
  checkSamples(model, samples);
  const input = model.input.name;
  const tensors = [...new Set(observation.tensors)].filter((name) => name !== input);
  const size =
    fixedBatch(model.input) ?? Math.min(observation.batch ?? fittingBatch(graph, model, tensors), samples.count);
  const bound = bind(graph, batchSizes(model.input, size), { keep: tensors, operators: operatorSetOf(model) });
  const { threads } = context;
  const session = await context.runtime.compile(bound, { threads });
  try {
    let done = 0;
    for await (const { data } of samples.batches(size)) {
      throwIfAborted(context.signal);
      const valid = data.dims[0] as number;
      const values = await session.run(
        { [input]: filledBatch(data, size) },
        tensors.length === 0 ? undefined : tensors,
      );
      see((tensor) => {
        if (tensor === input) return data;
        const value = values[tensor] as Tensor;
        const all = float32Of(value);
        const [rows, ...rest] = value.dims as [number, ...number[]];
        return { dims: [(rows / size) * valid, ...rest], data: all.subarray(0, (all.length / size) * valid) };
      });
      done += valid;
      context.onProgress({ stage, done, total: samples.count, unit: 'samples' });
    }
  } finally {
    await session.dispose();
  }
}

function fittingBatch(graph: Graph, model: Model, tensors: readonly string[]): number {
  const types = inferTypes(graph, batchSizes(model.input, 1), operatorSetOf(model));
  const elements = tensors.reduce((sum, name) => sum + elementCount(types.get(name)?.shape ?? []), 1);
  return Math.min(largestBatch, Math.max(1, Math.floor(activationBudget / (4 * elements))));
}

function checkSamples(model: Model, samples: SampleSet): void {
  if (samples.count === 0) throw new DatafreeError('data-empty', 'The calibration set has no samples.');
  const wanted = model.input.shape.slice(1);
  const fits =
    wanted.length === samples.shape.length &&
    wanted.every((dim, axis) => typeof dim === 'string' || dim === samples.shape[axis]);
  if (fits) return;
  throw new DatafreeError('data-shape', `Samples are of shape [${samples.shape}], the network takes [${wanted}].`, {
    tensor: model.input.name,
  });
}
