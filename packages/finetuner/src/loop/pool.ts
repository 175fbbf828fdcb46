import { elementCount, type Random } from '@datafree/core';
import type { SampleSet } from '@datafree/plugin';
import { type Phase, phasesOf } from './phases.ts';

/** The most values that are held in memory at once: 512 MiB. */
const held = 2 ** 27;

/**
 * Draws batches in random order, every sample once an epoch. A set that is larger than the memory given to it is read
 * in windows, and shuffled within them. Of a set that is still being made, the first epochs are those of the samples
 * that {@link phasesOf} counts as there: what a step draws depends on its number, never on time.
 */
export class SamplePool {
  readonly #samples: SampleSet;
  readonly #random: Random;
  readonly #batch: number;
  readonly #window: number;
  readonly #phases: readonly Phase[];
  #loaded: { readonly first: number; readonly count: number } | undefined;
  #values: Float32Array = new Float32Array(0);

  constructor(samples: SampleSet, batch: number, random: Random, largest = held) {
    this.#samples = samples;
    this.#random = random;
    this.#batch = batch;
    this.#window = Math.max(batch, Math.min(samples.count, Math.floor(largest / elementCount(samples.shape))));
    this.#phases = phasesOf(samples, batch);
  }

  /** How many steps draw from the samples alone that are there from the beginning; all of them where the set is complete. */
  get stepsAtOnce(): number {
    return this.#phases[1]?.from ?? Number.POSITIVE_INFINITY;
  }

  /** The samples of step `step`, as [batch, …shape] in one array. */
  async batch(step: number): Promise<Float32Array> {
    const size = elementCount(this.#samples.shape);
    const data = new Float32Array(this.#batch * size);
    const phase = this.#phases.findLast(({ from }) => from <= step) as Phase;
    const { from, count } = phase;
    for (let i = 0; i < this.#batch; i++) {
      const position = (step - from) * this.#batch + i;
      const epoch = Math.floor(position / count);
      const within = position % count;
      const window = Math.floor(within / this.#window);
      const first = window * this.#window;
      const length = Math.min(this.#window, count - first);
      await this.#load(first, length);
      const order = this.#order(phase, epoch, window, length);
      const sample = order[within - first] as number;
      data.set(this.#values.subarray(sample * size, (sample + 1) * size), i * size);
    }
    return data;
  }

  #ordered: { readonly key: string; readonly order: Int32Array } | undefined;

  #order({ from, count }: Phase, epoch: number, window: number, length: number): Int32Array {
    const key = `${from}/${epoch}/${window}`;
    if (this.#ordered?.key !== key) {
      const random = count < this.#samples.count ? this.#random.fork('part', count) : this.#random;
      this.#ordered = { key, order: random.fork('order', epoch, window).permutation(length) };
    }
    return this.#ordered.order;
  }

  /** Reads `count` samples from the first one of a window, and makes no others where they are still to be made. */
  async #load(first: number, count: number): Promise<void> {
    if (first === this.#loaded?.first && count <= this.#loaded.count) return;
    let index = 0;
    for await (const { data } of this.#samples.batches(first === 0 ? count : this.#window)) {
      if (this.#window * index++ < first) continue;
      this.#values = data.data;
      break;
    }
    this.#loaded = { first, count };
  }
}
