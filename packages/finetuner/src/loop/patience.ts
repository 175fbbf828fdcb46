import { tensorOf } from '@datafree/core';
import { Stagnation } from '@datafree/inversion';
import type { Tensor } from '@datafree/plugin';

/** Steps that a loss is averaged over. */
const averaged = 50;
/** The part by which an average must be lower than all before, or it counts as none. */
const tolerance = 0.01;

/**
 * Says when a loss, averaged over 50 steps, has not become lower by a hundredth for `patience` steps. What it knows are
 * the losses so far: a run that is taken up again tells them once more.
 */
export class Patience {
  readonly #patience: number;
  readonly #losses: Float32Array;
  readonly #stagnation = new Stagnation(tolerance);
  #told = 0;
  #sum = 0;

  /** @param steps of the whole run */
  constructor(steps: number, patience: number) {
    this.#losses = new Float32Array(steps);
    this.#patience = patience;
  }

  /** Takes the loss of the next step in, and says whether the run ends with it. */
  observe(loss: number): boolean {
    // Single precision is what a checkpoint holds.
    this.#losses[this.#told] = loss;
    this.#sum += this.#losses[this.#told++] as number;
    if (this.#told % averaged !== 0) return false;
    const mean = this.#sum / averaged;
    this.#sum = 0;
    return this.#stagnation.observe(mean) * averaged >= this.#patience;
  }

  /** The losses so far, then zeros: [steps]. */
  get losses(): Tensor<'float32'> {
    return tensorOf('float32', [this.#losses.length], this.#losses);
  }

  /** Takes in the losses of the steps before `step`. @param losses as {@link losses} gave them */
  resume(losses: Tensor, step: number): void {
    for (let i = 0; i < step; i++) this.observe((losses.data as Float32Array)[i] as number);
  }
}
