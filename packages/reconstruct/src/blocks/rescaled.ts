import { numbersOf } from '@datafree/core';
import { DatafreeError, type Graph, type Tensor } from '@datafree/plugin';
import { channelsOf, decodedWeight, type Quantisers, type WeightQuantiser } from '@datafree/student';

/** A weight is rescaled where factors leave less than this part of how far its codes are from it. */
const explained = 0.6;
/** Codes whose cosine with a weight is less are none of that weight. */
const kin = 0.5;
/** How many times factors of rows and of columns are fitted in turn. */
const rounds = 10;

/**
 * Makes sure that activations of the quantised network can be compared with the network's: its weights are the network's,
 * and no layer was rescaled.
 *
 * Rescaling is told by what it leaves: a factor for each row and each column of the weight brings it to its codes, where
 * nothing but rounding is between them. Codes that were solved for are far from the weight too, but no factors explain them.
 *
 * @param folded the network with BatchNormalization folded
 * @throws `unsupported` naming the weight
 */
export function refuseRescaled(quantised: Graph, folded: Graph, { weights }: Quantisers): void {
  for (const weight of weights) {
    const name = weight.node.outputs[0] as string;
    const original = folded.initializers.get(name);
    const stored = quantised.initializers.get(weight.codes) as Tensor;
    if (original === undefined || String(original.dims) !== String(stored.dims)) continue;
    const pair = inSteps(quantised, weight, original);
    if (cosine(pair.own, pair.codes) < kin) {
      throw new DatafreeError('unsupported', `The codes of "${name}" are not the network's weight, rounded.`, {
        tensor: name,
        hint: 'Give it what a quantizer has made of this very network.',
      });
    }
    if (!isRescaled(pair)) continue;
    throw new DatafreeError(
      'unsupported',
      `The layer of "${name}" was rescaled: its codes are the network's weight times a factor for each of its channels.`,
      { tensor: name, hint: 'Quantise without equalization, or fine-tune by distil.' },
    );
  }
}

/** A weight and what its codes stand for, in steps; one row for each entry of axis 0, one column for each of axis 1. */
interface Pair {
  readonly own: Float64Array;
  readonly codes: Float64Array;
  /** 1 at the upper end of the grid, −1 at the lower one, beyond which codes cannot follow the weight. */
  readonly end: Int8Array;
  readonly rows: number;
  readonly columns: number;
}

function inSteps(graph: Graph, weight: WeightQuantiser, original: Tensor): Pair {
  const stored = numbersOf(graph.initializers.get(weight.codes) as Tensor);
  const steps = numbersOf(graph.initializers.get(weight.scale) as Tensor);
  const channelAt = channelsOf(graph, weight);
  const counted = (values: ArrayLike<number>) =>
    Float64Array.from(values, (value, i) => value / (steps[channelAt(i)] as number));
  const [rows = 1, columns = 1] = original.dims;
  return {
    own: counted(numbersOf(original)),
    codes: counted(decodedWeight(graph, weight).data),
    end: Int8Array.from(stored, (code) => Number(code === weight.high) - Number(code === weight.low)),
    rows,
    columns,
  };
}

/** True where factors explain most of how far codes are from the weight, more than as many factors do by chance. */
function isRescaled(pair: Pair): boolean {
  const { end, rows, columns } = pair;
  const known = end.reduce((count, at) => count + Number(at === 0), 0);
  const left = known - (rows + columns - 1);
  return left > 0 && distance(pair, fitFactors(pair)) * Math.sqrt(known / left) < explained * distance(pair);
}

/** Factors of rows and of columns. */
type Factors = readonly [rows: Float64Array, columns: Float64Array];

/** Fits factors by least squares, those of rows and of columns in turn, to all codes that are not at an end of the grid. */
function fitFactors(pair: Pair): Factors {
  const { own, codes, end, rows, columns } = pair;
  // What all elements of a row and a column say together.
  const products = new Float64Array(rows * columns);
  const squares = new Float64Array(rows * columns);
  const each = own.length / products.length;
  own.forEach((value, i) => {
    if (end[i] !== 0) return;
    const cell = Math.floor(i / each);
    products[cell] = (products[cell] as number) + value * (codes[i] as number);
    squares[cell] = (squares[cell] as number) + value ** 2;
  });
  const factors: Factors = [new Float64Array(rows).fill(1), new Float64Array(columns).fill(1)];
  for (let round = 0; round < rounds; round++) {
    for (const axis of [0, 1] as const) {
      const [fitted, other] = [factors[axis], factors[1 - axis] as Float64Array];
      const above = new Float64Array(fitted.length);
      const below = new Float64Array(fitted.length);
      for (let row = 0, cell = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++, cell++) {
          const [k, l] = axis === 0 ? [row, column] : [column, row];
          const factor = other[l] as number;
          above[k] = (above[k] as number) + factor * (products[cell] as number);
          below[k] = (below[k] as number) + factor ** 2 * (squares[cell] as number);
        }
      }
      fitted.forEach((_, k) => {
        if ((below[k] as number) > 0) fitted[k] = (above[k] as number) / (below[k] as number);
      });
    }
  }
  return factors;
}

/** Root mean square of how far codes are from the weight times factors. */
function distance({ own, codes, end, rows, columns }: Pair, factors?: Factors): number {
  const each = own.length / (rows * columns);
  const factorAt = (cell: number) =>
    factors === undefined
      ? 1
      : (factors[0][Math.floor(cell / columns)] as number) * (factors[1][cell % columns] as number);
  const sum = own.reduce((total, value, i) => {
    const away = factorAt(Math.floor(i / each)) * value - (codes[i] as number);
    return away * (end[i] as number) > 0 ? total : total + away ** 2;
  }, 0);
  return Math.sqrt(sum / own.length);
}

function cosine(a: Float64Array, b: Float64Array): number {
  let [product, first, second] = [0, 0, 0];
  a.forEach((x, i) => {
    const y = b[i] as number;
    product += x * y;
    first += x * x;
    second += y * y;
  });
  return first * second === 0 ? 1 : product / Math.sqrt(first * second);
}
