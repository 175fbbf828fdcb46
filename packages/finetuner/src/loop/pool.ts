import { elementCount, type Random } from '@datafree/core';
import type { SampleSet } from '@datafree/plugin';

/** The most values that are held in memory at once: 512 MiB. */
const held = 2 ** 27;

/**
 * Draws batches in random order, every sample once an epoch. A set that is larger than the memory given to it is read
 * in windows, and shuffled within them.
 */
export class SamplePool {
  readonly #samples: SampleSet;
  readonly #random: Random;
  readonly #batch: number;
  readonly #window: number;
  #loaded = -1;
  #values: Float32Array = new Float32Array(0);

  constructor(samples: SampleSet, batch: number, random: Random, largest = held) {
    this.#samples = samples;
    this.#random = random;
    this.#batch = batch;
    this.#window = Math.max(batch, Math.min(samples.count, Math.floor(largest / elementCount(samples.shape))));
  }

  /** The samples of step `step`, as [batch, …shape] in one array. */
  async batch(step: number): Promise<Float32Array> {
    const size = elementCount(this.#samples.shape);
    const data = new Float32Array(this.#batch * size);
    for (let i = 0; i < this.#batch; i++) {
      const position = step * this.#batch + i;
      const { count } = this.#samples;
      const epoch = Math.floor(position / count);
      const within = position % count;
      const window = Math.floor(within / this.#window);
      await this.#load(window);
      const order = this.#order(epoch, window);
      const sample = order[within - window * this.#window] as number;
      data.set(this.#values.subarray(sample * size, (sample + 1) * size), i * size);
    }
    return data;
  }

  #ordered: { readonly key: string; readonly order: Int32Array } | undefined;

  #order(epoch: number, window: number): Int32Array {
    const key = `${epoch}/${window}`;
    if (this.#ordered?.key !== key) {
      const length = Math.min(this.#window, this.#samples.count - window * this.#window);
      this.#ordered = { key, order: this.#random.fork('order', epoch, window).permutation(length) };
    }
    return this.#ordered.order;
  }

  async #load(window: number): Promise<void> {
    if (window === this.#loaded) return;
    let index = 0;
    for await (const { data } of this.#samples.batches(this.#window)) {
      if (index++ < window) continue;
      this.#values = data.data;
      break;
    }
    this.#loaded = window;
  }
}
