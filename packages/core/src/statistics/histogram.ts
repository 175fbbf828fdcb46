/**
 * A histogram that needs no range in advance: bins are aligned to zero and their width is a power of two, doubled
 * whenever the values outgrow the bins. So one pass suffices and the result does not depend on the order of the
 * values.
 */
export class Histogram {
  readonly maximumBins: number;
  /** Width of a bin; 0 before the first value other than zero. */
  width = 0;
  /** Index of the first bin: bin `i` holds values in [(first + i)·width, (first + i + 1)·width). */
  first = 0;
  counts: Float64Array<ArrayBufferLike> = new Float64Array(0);
  /** Number of exact zeros; kept apart since ReLU makes many. */
  zeros = 0;
  minimum = Number.POSITIVE_INFINITY;
  maximum = Number.NEGATIVE_INFINITY;

  constructor(maximumBins = 4096) {
    this.maximumBins = maximumBins;
  }

  /** Number of values seen. */
  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, this.zeros);
  }

  /** Adds finite values. */
  add(values: Float32Array): void {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (values.length === 0) return;
    this.minimum = Math.min(this.minimum, low);
    this.maximum = Math.max(this.maximum, high);
    if (this.minimum === 0 && this.maximum === 0) {
      this.zeros += values.length;
      return;
    }
    this.#fit();
    const scale = 1 / this.width;
    const { counts, first } = this;
    let zeros = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      if (value === 0) {
        zeros++;
      } else {
        const bin = Math.floor(value * scale) - first;
        counts[bin] = (counts[bin] as number) + 1;
      }
    }
    this.zeros += zeros;
  }

  /** Centre of a bin. */
  centre(bin: number): number {
    return (this.first + bin + 0.5) * this.width;
  }

  /** The value below which a share `quantile` (0 … 1) of all values lies, interpolated within its bin. */
  quantile(quantile: number): number {
    const target = quantile * this.total;
    let seen = 0;
    let zeros = this.zeros;
    for (let bin = 0; bin < this.counts.length; bin++) {
      const left = (this.first + bin) * this.width;
      if (left >= 0 && zeros > 0) {
        if (seen + zeros >= target) return 0;
        seen += zeros;
        zeros = 0;
      }
      const count = this.counts[bin] as number;
      if (count > 0 && seen + count >= target) {
        const value = left + this.width * ((target - seen) / count);
        return Math.min(Math.max(value, this.minimum), this.maximum);
      }
      seen += count;
    }
    return zeros > 0 ? 0 : this.maximum;
  }

  /** Makes width, first and counts fit [minimum, maximum]. */
  #fit(): void {
    const span = this.maximum - this.minimum;
    const reach = Math.max(Math.abs(this.minimum), Math.abs(this.maximum));
    if (this.width === 0) this.width = 2 ** Math.ceil(Math.log2(Math.max(span, reach * 2 ** -20) / this.maximumBins));
    let [first, last] = this.#bins();
    const width = this.width;
    while (last - first + 1 > this.maximumBins) {
      this.width *= 2;
      [first, last] = this.#bins();
    }
    if (this.width === width && first === this.first && this.counts.length === last - first + 1) return;
    const counts = new Float64Array(last - first + 1);
    const factor = this.width / width;
    for (let bin = 0; bin < this.counts.length; bin++) {
      const target = Math.floor((this.first + bin) / factor) - first;
      counts[target] = (counts[target] as number) + (this.counts[bin] as number);
    }
    this.first = first;
    this.counts = counts;
  }

  #bins(): [number, number] {
    return [Math.floor(this.minimum / this.width), Math.floor(this.maximum / this.width)];
  }
}
