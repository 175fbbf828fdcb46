import { elementCount, tensorOf } from '@datafree/core';
import { type Checkpoint, DatafreeError, type Tensor } from '@datafree/plugin';

/** What is carried from finished batches to the next: means over the set, and a copy of all in the checkpoint. */
export class FinishedBatches {
  readonly #checkpoint: Checkpoint | undefined;
  readonly #prefix: string;
  #means: Float32Array[] = [];

  /** @param prefix begins the keys in the checkpoint and is the same only for runs that are equal */
  constructor(checkpoint: Checkpoint | undefined, prefix: string) {
    this.#checkpoint = checkpoint;
    this.#prefix = prefix;
  }

  /** The mean over the finished batches of the k-th value. */
  mean(k: number, shape: readonly number[]): Tensor {
    return tensorOf('float32', shape, this.#means[k] ?? []);
  }

  /**
   * Reads a batch that an earlier run finished, with the means of which it is part.
   *
   * @returns its samples, or undefined when it is still to be made
   * @throws `resume-mismatch` when the checkpoint holds something else
   */
  async restore(
    index: number,
    means: readonly { readonly shape: readonly number[] }[],
    samples: number,
  ): Promise<Float32Array | undefined> {
    const bytes = await this.#checkpoint?.read(this.#key(index));
    if (bytes === undefined) return undefined;
    const lengths = means.map(({ shape }) => elementCount(shape));
    if (bytes.byteLength !== 4 * lengths.reduce((sum, length) => sum + length, samples)) {
      throw new DatafreeError('resume-mismatch', `The checkpoint "${this.#key(index)}" has another size.`, {
        hint: 'Remove the run directory, or take another.',
      });
    }
    const values = new Float32Array(bytes.slice().buffer);
    let at = samples;
    this.#means = lengths.map((length) => {
      at += length;
      return values.slice(at - length, at);
    });
    return values.slice(0, samples);
  }

  /** Takes a finished batch into the means and the checkpoint. @param own its part of each mean */
  async store(index: number, samples: Float32Array, own: readonly Float32Array[]): Promise<void> {
    const share = 1 / (index + 1);
    this.#means = own.map((values, k) => {
      const before = this.#means[k];
      return before === undefined ? values : before.map((old, i) => old + share * ((values[i] as number) - old));
    });
    if (this.#checkpoint === undefined) return;
    const parts = [samples, ...this.#means];
    const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    await this.#checkpoint.write(this.#key(index), new Uint8Array(all.buffer));
  }

  #key(index: number): string {
    return `${this.#prefix}-${index}`;
  }
}
