import { gaussianDivergence } from './divergence.ts';
import { type Estimate, jackknife } from './jackknife.ts';

/** What a BatchNormalization remembers of the tensor that feeds it, one value a channel. */
export interface LayerReference {
  readonly mean: ArrayLike<number>;
  readonly variance: ArrayLike<number>;
}

/**
 * Sums of the inputs of BatchNormalizations over a data set, kept apart for each group of samples, and what follows
 * from them. Sums are taken about the running mean, in double precision.
 */
export class GroupedSums {
  readonly #references: readonly LayerReference[];
  readonly #sizes: Float64Array;
  /** For each layer, values added for each sample of one group, by group. */
  readonly #counts: readonly Float64Array[];
  /** For each layer: [group, channel]. */
  readonly #sums: readonly Float64Array[];
  readonly #squares: readonly Float64Array[];

  constructor(references: readonly LayerReference[], groups: number) {
    this.#references = references;
    this.#sizes = new Float64Array(groups);
    this.#counts = references.map(() => new Float64Array(groups));
    this.#sums = references.map(({ mean }) => new Float64Array(groups * mean.length));
    this.#squares = references.map(({ mean }) => new Float64Array(groups * mean.length));
  }

  /** Counts one more sample in a group. */
  addSample(group: number): void {
    this.#sizes[group]! += 1;
  }

  /**
   * Adds sums over one row of a layer's tensor.
   *
   * @param sums of `value − running mean`, and `squares` of its square, one a channel
   * @param count values summed in each channel
   */
  addRow(layer: number, group: number, sums: ArrayLike<number>, squares: ArrayLike<number>, count: number): void {
    const first = group * sums.length;
    const allSums = this.#sums[layer] as Float64Array;
    const allSquares = this.#squares[layer] as Float64Array;
    for (let c = 0; c < sums.length; c++) {
      allSums[first + c]! += sums[c] as number;
      allSquares[first + c]! += squares[c] as number;
    }
    (this.#counts[layer] as Float64Array)[group]! += count;
  }

  /** The divergence of each layer (mean over its channels) and of the network (mean over its layers). */
  estimate(): { readonly layers: readonly Estimate[]; readonly total: Estimate } {
    const layers = this.#references.map((_, layer) => this.#divergences(layer));
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    const without = Array.from(this.#sizes, (_, group) => mean(layers.map((layer) => layer.without[group] as number)));
    return {
      layers: layers.map(({ whole, without: rest }) => jackknife(whole, rest, this.#sizes)),
      total: jackknife(mean(layers.map(({ whole }) => whole)), without, this.#sizes),
    };
  }

  /** A layer's divergence over all samples, and without each group. */
  #divergences(layer: number): { readonly whole: number; readonly without: readonly number[] } {
    const { variance } = this.#references[layer] as LayerReference;
    const channels = variance.length;
    const sums = this.#sums[layer] as Float64Array;
    const squares = this.#squares[layer] as Float64Array;
    const counts = this.#counts[layer] as Float64Array;
    const groups = counts.length;
    const allSums = new Float64Array(channels);
    const allSquares = new Float64Array(channels);
    for (let i = 0; i < sums.length; i++) {
      allSums[i % channels]! += sums[i] as number;
      allSquares[i % channels]! += squares[i] as number;
    }
    const allCounts = counts.reduce((sum, count) => sum + count, 0);
    const divergence = (left: number): number => {
      const count = allCounts - (left < 0 ? 0 : (counts[left] as number));
      let sum = 0;
      for (let c = 0; c < channels; c++) {
        const i = left * channels + c;
        const shift = ((allSums[c] as number) - (left < 0 ? 0 : (sums[i] as number))) / count;
        const square = ((allSquares[c] as number) - (left < 0 ? 0 : (squares[i] as number))) / count;
        sum += gaussianDivergence(shift, square - shift * shift, variance[c] as number);
      }
      return sum / channels;
    };
    return { whole: divergence(-1), without: Array.from({ length: groups }, (_, group) => divergence(group)) };
  }
}
