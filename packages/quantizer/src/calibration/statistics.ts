import { Histogram } from '@datafree/core';
import { DatafreeError } from '@datafree/plugin';

/** What one streaming pass learns of the values that share one grid. */
export class ActivationStatistics {
  readonly histogram = new Histogram(4096);
  #samples = 0;
  #lows = 0;
  #highs = 0;

  /** Mean over the samples of the lowest value of each. */
  get averageLow(): number {
    return this.#samples === 0 ? 0 : this.#lows / this.#samples;
  }

  /** Mean over the samples of the highest value of each. */
  get averageHigh(): number {
    return this.#samples === 0 ? 0 : this.#highs / this.#samples;
  }

  /**
   * Adds the values of a tensor for consecutive samples.
   *
   * @throws `not-finite` naming the tensor
   */
  add(tensor: string, values: Float32Array, samples: number): void {
    const size = values.length / samples;
    for (let sample = 0; sample < samples; sample++) {
      let low = Number.POSITIVE_INFINITY;
      let high = Number.NEGATIVE_INFINITY;
      let sum = 0;
      for (let i = sample * size, end = i + size; i < end; i++) {
        const value = values[i] as number;
        if (value < low) low = value;
        if (value > high) high = value;
        sum += value;
      }
      if (!Number.isFinite(sum)) throw notFinite(tensor);
      this.#lows += low;
      this.#highs += high;
    }
    this.#samples += samples;
    this.histogram.add(values);
  }
}

function notFinite(tensor: string): DatafreeError {
  return new DatafreeError('not-finite', `The activation "${tensor}" is NaN or infinite on the calibration samples.`, {
    tensor,
    hint: 'Check the samples and the range of the network input; a network that overflows in float32 cannot be calibrated.',
  });
}
