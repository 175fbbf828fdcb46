import type { ProgressListener, SampleBatch } from '@datafree/plugin';

/** What {@link GrowingBatches} are, besides what makes them. */
export interface Growth {
  /** Samples in all. */
  readonly count: number;
  /** Whether finished batches are held; read from the checkpoint of what makes them otherwise. */
  readonly inMemory: boolean;
  readonly onProgress: ProgressListener;
}

/**
 * Batches that are made when they are first read. A reader takes those that are there, then what makes them runs as far
 * as the reader goes: it ends with its reader, so nothing stays open between two of them.
 */
export class GrowingBatches implements AsyncIterable<SampleBatch> {
  readonly #run: (onProgress: ProgressListener) => AsyncIterable<SampleBatch>;
  readonly #growth: Growth;
  readonly #held: SampleBatch[] = [];
  #done = 0;

  /** @param run makes all batches from the first; those that were made before come from its checkpoint */
  constructor(run: (onProgress: ProgressListener) => AsyncIterable<SampleBatch>, growth: Growth) {
    this.#run = run;
    this.#growth = growth;
  }

  /** Makes batches until there are so many samples. */
  async make(samples: number): Promise<void> {
    let made = 0;
    for await (const { data } of this) {
      made += data.dims[0] as number;
      if (made >= samples) break;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SampleBatch, void, undefined> {
    const { count, inMemory } = this.#growth;
    let index = 0;
    let samples = 0;
    for (; index < this.#held.length; index++) {
      const batch = this.#held[index] as SampleBatch;
      samples += batch.data.dims[0] as number;
      yield batch;
    }
    if (samples === count) return;
    let at = 0;
    for await (const batch of this.#run(this.#observe)) {
      if (at++ < index) continue;
      // Another reader may have been faster.
      if (inMemory && this.#held.length === index) this.#held.push(batch);
      index++;
      yield batch;
    }
  }

  /** Tells what is new: a batch that is only read again is no progress. */
  readonly #observe: ProgressListener = (event) => {
    if (event.done <= this.#done) return;
    this.#done = event.done;
    this.#growth.onProgress(event);
  };
}
