import { batchSizes, bind, filledBatch, fixedBatch, logitsName, operatorSetOf } from '@datafree/core';
import { type Model, type Runtime, type SampleSet, throwIfAborted } from '@datafree/plugin';
import { decisions } from '../evaluation/scores.ts';

/** How different the samples of a set are to a network. */
export interface Variety {
  /** How many samples the network takes for each class; null where its output is not one number a class, of two at least. */
  readonly classes: readonly number[] | null;
  /**
   * One minus the mean cosine of the angle between the outputs of two samples, over all pairs, each output less its own
   * mean: 0 where all are alike, 1 where they have nothing in common, at most n / (n − 1). Outputs are logits, before a
   * Softmax. Null for one sample, and where outputs are one number.
   */
  readonly diversity: number | null;
}

/** Samples that are run at once. */
const atOnce = 32;

/**
 * Has a network look at samples: which classes it sees, and how different its outputs are.
 *
 * With u the outputs, less their mean and divided by their length, the sum over all pairs of different samples is
 * `|Σ u|² − Σ |u|²`: one pass over the samples, of which one batch at a time is held.
 *
 * @throws `aborted`, and what the runtime and reading the samples throw
 */
export async function varietyOf(
  model: Model,
  samples: SampleSet,
  options: {
    readonly runtime: Runtime;
    readonly threads?: number | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Variety> {
  const { input, output, graph } = model;
  const name = logitsName(graph, output.name);
  const batch = fixedBatch(input) ?? Math.min(atOnce, samples.count);
  const bound = bind(graph, batchSizes(input, batch), { keep: [name], operators: operatorSetOf(model) });
  const { runtime, threads, signal } = options;
  const session = await runtime.compile(bound, { threads });
  const tally = new Tally(output.shape);
  try {
    for await (const { data } of samples.batches(batch)) {
      throwIfAborted(signal);
      const outputs = await session.run({ [input.name]: filledBatch(data, batch) }, [name]);
      const values = outputs[name]?.data as Float32Array;
      const length = values.length / batch;
      for (let n = 0; n < (data.dims[0] as number); n++) tally.add(values.subarray(n * length, (n + 1) * length));
    }
  } finally {
    await session.dispose();
  }
  return tally.result();
}

class Tally {
  readonly #classes: number[] | null;
  #samples = 0;
  /** The sum of the directions, and of their squared lengths: 1, or 0 of an output without any. */
  #sum = new Float64Array(0);
  #squares = 0;

  /** @param shape of the network's output */
  constructor([, classes, ...rest]: readonly (number | string)[]) {
    const counted = typeof classes === 'number' && classes > 1 && rest.every((size) => size === 1);
    this.#classes = counted ? new Array<number>(classes).fill(0) : null;
  }

  add(output: Float32Array): void {
    if (this.#samples++ === 0) this.#sum = new Float64Array(output.length);
    if (this.#classes !== null) {
      const [seen = 0] = decisions({ values: output, samples: 1, classes: output.length, positions: 1 });
      this.#classes[seen] = (this.#classes[seen] as number) + 1;
    }
    const mean = output.reduce((sum, value) => sum + value, 0) / output.length;
    const length = Math.sqrt(output.reduce((sum, value) => sum + (value - mean) ** 2, 0));
    if (length === 0) return;
    this.#squares++;
    output.forEach((value, i) => {
      this.#sum[i] = (this.#sum[i] as number) + (value - mean) / length;
    });
  }

  result(): Variety {
    const n = this.#samples;
    const pairs = this.#sum.reduce((sum, value) => sum + value ** 2, 0) - this.#squares;
    return { classes: this.#classes, diversity: n < 2 || this.#sum.length < 2 ? null : 1 - pairs / (n * (n - 1)) };
  }
}

/** What is printed of it. */
export function varietyLines({ classes, diversity }: Variety): readonly (readonly [string, string])[] {
  const seen = classes?.filter((count) => count > 0).length;
  return [
    ...(classes === null
      ? []
      : [
          [
            'classes',
            `${seen} of ${classes.length} seen, ${Math.min(...classes)} to ${Math.max(...classes)} samples each`,
          ] as const,
        ]),
    ...(diversity === null ? [] : [['diversity', diversity.toFixed(3)] as const]),
  ];
}
