import { elementCount, type Random, tensorOf } from '@datafree/core';
import type { Context, Tensor } from '@datafree/plugin';
import { type ActivationSource, type Activations, collectActivations, windowOf } from './activations.ts';
import { mixElements } from './mixing.ts';

/** How often each window of samples is learned from. */
const rounds = 2;

/** How batches are drawn. */
export interface DrawOptions {
  readonly steps: number;
  readonly batch: number;
  /** Probability at first that an element of an input is the full-precision one; it falls evenly to none. */
  readonly drop: number;
  /** Values that may be held; 2^27 when absent. */
  readonly room?: number;
}

/**
 * Draws what a block is reconstructed on: batches in random order, every sample once an epoch. Activations that do not
 * fit the memory are taken in windows of samples, each of which is come back to once.
 */
export class BatchDraw {
  readonly #source: ActivationSource;
  readonly #options: DrawOptions;
  readonly #random: Random;
  readonly #context: Context;
  readonly #window: number;
  #held: { readonly index: number; readonly activations: Activations } | undefined;
  #ordered: { readonly key: string; readonly order: Int32Array } | undefined;

  constructor(source: ActivationSource, options: DrawOptions, random: Random, context: Context) {
    this.#source = source;
    this.#options = options;
    this.#random = random;
    this.#context = context;
    this.#window = windowOf(source, options.room);
  }

  /** The activations that step `step` draws from. */
  async activationsAt(step: number): Promise<Activations> {
    const { samples } = this.#source;
    const windows = Math.ceil(samples.count / this.#window);
    const index = this.#visit(step) % windows;
    if (this.#held?.index !== index) {
      this.#held = undefined;
      const from = index * this.#window;
      const count = Math.min(this.#window, samples.count - from);
      this.#held = { index, activations: await collectActivations(this.#source, from, count, this.#context) };
    }
    return this.#held.activations;
  }

  /** The batch of step `step`: inputs as the block takes them, targets a row a sample. */
  async batch(step: number): Promise<{ readonly inputs: Tensor<'float32'>; readonly targets: Tensor<'float32'> }> {
    const { block } = this.#source;
    const { batch, drop, steps } = this.#options;
    const { count, exact, own, targets } = await this.activationsAt(step);
    const [entrySize, exitSize] = [elementCount(block.entryShape), elementCount(block.exitShape)];
    const inputs = new Float32Array(batch * entrySize);
    const wanted = new Float32Array(batch * exitSize);
    const random = this.#random.fork('drop', step);
    // In the end the block learns on what it will be fed.
    const part = drop * (1 - step / steps);
    for (let i = 0; i < batch; i++) {
      const sample = this.#sample(step, i, count);
      const entered = [sample * entrySize, (sample + 1) * entrySize] as const;
      const place = inputs.subarray(i * entrySize, (i + 1) * entrySize);
      if (own === exact) place.set(exact.subarray(...entered));
      else mixElements(place, exact.subarray(...entered), own.subarray(...entered), part, random);
      wanted.set(targets.subarray(sample * exitSize, (sample + 1) * exitSize), i * exitSize);
    }
    return {
      inputs: tensorOf('float32', [batch, ...block.entryShape], inputs),
      targets: tensorOf('float32', [batch, exitSize], wanted),
    };
  }

  #visit(step: number): number {
    const windows = Math.ceil(this.#source.samples.count / this.#window);
    const { steps } = this.#options;
    const visits = windows === 1 ? 1 : Math.min(steps, rounds * windows);
    return Math.floor((step * visits) / steps);
  }

  #sample(step: number, i: number, count: number): number {
    const position = step * this.#options.batch + i;
    const key = `${this.#visit(step)}/${Math.floor(position / count)}`;
    if (this.#ordered?.key !== key) {
      this.#ordered = { key, order: this.#random.fork('order', key).permutation(count) };
    }
    return this.#ordered.order[position % count] as number;
  }
}
