import {
  elementCount,
  GraphBuilder,
  greatestCommonDivisor,
  matMul,
  reduceSum,
  slice,
  tensorOf,
  transpose,
} from '@datafree/core';
import { type Context, type Tensor, throwIfAborted } from '@datafree/plugin';
import { type Arrangement, type Layer, writePatches } from './patches.ts';

/** How much is taken of what the weights of a layer are multiplied with. */
export interface MomentLimits {
  /** Values that may be held of it at once. */
  readonly held: number;
  /** Sums that are enough, where they are enough for each term too. */
  readonly sums: number;
  readonly sumsPerTerm: number;
}

/** 64 MiB at once; neighbours in an image tell much the same, so that more sums tell little more. */
const limits: MomentLimits = { held: 2 ** 24, sums: 2 ** 16, sumsPerTerm: 256 };

/** Means and second moments about them of what the weights of a layer are multiplied with, group by group. */
export interface Moments {
  /** `groups × terms`: means in the quantised network, and in the network. */
  readonly ownMeans: Float64Array;
  readonly exactMeans: Float64Array;
  /** `groups × terms × terms`: of the quantised network's with themselves, and (columns) with the network's. */
  readonly own: Float64Array;
  readonly cross: Float64Array;
}

/** What enters a layer for some samples, in the quantised network and in the network. */
export interface LayerInputs {
  readonly count: number;
  readonly own: Float32Array;
  readonly exact: Float32Array;
}

/**
 * Runs the samples through, as many at a time as may be held, and takes every k-th sum of a run where there are more than
 * enough.
 *
 * @throws `aborted`, `runtime-failed`
 */
export async function momentsOf(
  layer: Layer,
  arrangement: Arrangement,
  { count, own, exact }: LayerInputs,
  context: Context,
  { held, sums: enough, sumsPerTerm }: MomentLimits = limits,
): Promise<Moments> {
  const { groups, terms } = arrangement;
  const size = elementCount(layer.input);
  const sumsOfOne = sumsOfSample(layer, arrangement);
  const each = Math.min(count, Math.max(1, Math.floor(held / (groups * terms * sumsOfOne))));
  const stride = strideOf(count * sumsOfOne, Math.max(enough, sumsPerTerm * terms), sumsOfOne);
  const session = await context.runtime.compile(momentGraph(layer, arrangement, each, stride), {
    threads: context.threads,
  });
  const total = { own: new Float64Array(groups * terms * terms), cross: new Float64Array(groups * terms * terms) };
  const sums = { own: new Float64Array(groups * terms), exact: new Float64Array(groups * terms) };
  let all = 0;
  try {
    for (let from = 0; from < count; from += each) {
      throwIfAborted(context.signal);
      all += Math.ceil((Math.min(count - from, each) * sumsOfOne) / stride);
      const feed = (values: Float32Array) => {
        const batch = new Float32Array(each * size);
        batch.set(values.subarray(from * size, Math.min(count, from + each) * size));
        return tensorOf('float32', [each, ...layer.input], batch);
      };
      const found = await session.run({ own: feed(own), exact: feed(exact) });
      addTo(total.own, found.products);
      addTo(total.cross, found.crossed);
      addTo(sums.own, found['own-sums']);
      addTo(sums.exact, found['exact-sums']);
    }
  } finally {
    await session.dispose();
  }
  const means = (values: Float64Array) => values.map((value) => value / all);
  const [ownMeans, exactMeans] = [means(sums.own), means(sums.exact)];
  const about = (products: Float64Array, others: Float64Array) =>
    products.map((value, i) => {
      const row = Math.floor(i / terms);
      const column = Math.floor(row / terms) * terms + (i % terms);
      return value / all - (ownMeans[row] as number) * (others[column] as number);
    });
  return { ownMeans, exactMeans, own: about(total.own, ownMeans), cross: about(total.cross, exactMeans) };
}

/** Sums of one sample that a layer forms with each row of weights. */
function sumsOfSample(layer: Layer, arrangement: Arrangement): number {
  const b = new GraphBuilder();
  return writePatches(b, b.input('x', 'float32', [1, ...layer.input]), layer, arrangement).shape[2] as number;
}

/** Every k-th sum leaves about enough of them: a k that takes other places of the next sample of a run. */
function strideOf(sums: number, enough: number, sumsOfOne: number): number {
  const wanted = Math.floor(sums / enough);
  if (wanted <= 1) return 1;
  for (let away = 0; ; away++) {
    const found = [wanted - away, wanted + away].find((k) => k > 1 && greatestCommonDivisor(k, sumsOfOne) === 1);
    if (found !== undefined) return found;
  }
}

function momentGraph(layer: Layer, arrangement: Arrangement, samples: number, stride: number) {
  const b = new GraphBuilder({ name: 'moments' });
  const patches = (name: string) => {
    const every = writePatches(b, b.input(name, 'float32', [samples, ...layer.input]), layer, arrangement);
    if (stride === 1) return every;
    return slice(b, every, { starts: [0], ends: [every.shape[2] as number], axes: [2], steps: [stride] });
  };
  const [own, exact] = [patches('own'), patches('exact')];
  b.output(matMul(b, own, transpose(b, own, [0, 2, 1])), 'products');
  b.output(matMul(b, own, transpose(b, exact, [0, 2, 1])), 'crossed');
  b.output(reduceSum(b, own, [2]), 'own-sums');
  b.output(reduceSum(b, exact, [2]), 'exact-sums');
  return b.build();
}

function addTo(sum: Float64Array, tensor: Tensor | undefined): void {
  const values = tensor?.data as Float32Array;
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (values[i] as number);
}
