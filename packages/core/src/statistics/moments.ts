/** Mean and variance of each channel of values that arrive in pieces, as sums in double precision. */
export class ChannelMoments {
  readonly channels: number;
  readonly #sum: Float64Array;
  readonly #squares: Float64Array;
  readonly #shift: Float64Array;
  #count = 0;

  /**
   * @param channels number of channels
   * @param shift a guess of each channel's mean; sums are taken about it, so that small variances about large means
   *   stay exact
   */
  constructor(channels: number, shift?: ArrayLike<number>) {
    this.channels = channels;
    this.#sum = new Float64Array(channels);
    this.#squares = new Float64Array(channels);
    this.#shift = Float64Array.from({ length: channels }, (_, c) => shift?.[c] ?? 0);
  }

  /** Values seen in each channel. */
  get count(): number {
    return this.#count;
  }

  /** Adds values laid out as [batch, channels, inner]. */
  add(values: ArrayLike<number>, inner: number): void {
    const batch = values.length / (this.channels * inner);
    let i = 0;
    for (let n = 0; n < batch; n++) {
      for (let c = 0; c < this.channels; c++) {
        const shift = this.#shift[c] as number;
        let sum = 0;
        let squares = 0;
        for (const end = i + inner; i < end; i++) {
          const value = (values[i] as number) - shift;
          sum += value;
          squares += value * value;
        }
        this.#sum[c] = (this.#sum[c] as number) + sum;
        this.#squares[c] = (this.#squares[c] as number) + squares;
      }
    }
    this.#count += batch * inner;
  }

  /** Mean of each channel. */
  mean(): Float64Array {
    return this.#sum.map((sum, c) => sum / this.#count + (this.#shift[c] as number));
  }

  /** Biased variance of each channel. */
  variance(): Float64Array {
    return this.#squares.map((squares, c) => {
      const mean = (this.#sum[c] as number) / this.#count;
      return Math.max(0, squares / this.#count - mean * mean);
    });
  }
}
