import { add, interpret, mul, Random, tensorOf, type Value } from '@datafree/core';
import type { BatchNormSite, Model, Tensor } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { centralDifferences, valueAndGradient } from '../testing/derivative.ts';
import { network } from '../testing/network.ts';
import { termOf } from '../testing/scope.ts';
import { type BatchNormOptions, batchNormStatistics } from './batchNorm.ts';

const model = network();
const x = tensorOf('float32', [2, 3, 8, 8], new Random(7).normals(2 * 3 * 64));

/** Values that enter each BatchNormalization, by an evaluation of the network itself. */
function entering(net: Model, input: Tensor): Float64Array[] {
  const wanted = net.batchNorms.map((site) => site.tensor);
  const values = interpret(net.graph, { input }, { double: true, wanted });
  return wanted.map((name) => values[name]?.data as Float64Array);
}

/** Mean and variance of the channels of [samples, channels, inner], over `samples` of them from `first`. */
function statistics(values: ArrayLike<number>, channels: number, inner: number, first: number, samples: number) {
  return Array.from({ length: channels }, (_, c) => {
    const own: number[] = [];
    for (let n = first; n < first + samples; n++) {
      for (let i = 0; i < inner; i++) own.push(values[(n * channels + c) * inner + i] as number);
    }
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    return { mean, variance: own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / own.length };
  });
}

const kl = (m: number, v: number, m0: number, v0: number) => 0.5 * (Math.log(v0 / v) - 1 + (v + (m - m0) ** 2) / v0);
const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The loss by plain loops. */
function expected(
  perLayer: (own: readonly { mean: number; variance: number }[], site: BatchNormSite) => number,
  over: (layers: readonly number[]) => number = average,
): number {
  const layers = entering(model, x).map((values, l) => {
    const site = model.batchNorms[l]!;
    return perLayer(statistics(values, site.channels, values.length / (2 * site.channels), 0, 2), site);
  });
  return over(layers);
}

const check = (options: BatchNormOptions, wanted: number) => {
  const write = termOf(batchNormStatistics(options), model);
  const { value, gradient } = valueAndGradient(x, write);
  expect(value).toBeCloseTo(wanted, 5);
  const elements = [0, 100, 383];
  centralDifferences(x, write, elements).forEach((slope, i) => {
    expect(gradient[elements[i]!]! / slope).toBeCloseTo(1, 4);
  });
};

describe('batchNormStatistics', () => {
  it('is KL(batch ‖ stored), averaged over channels and layers', () => {
    check(
      {},
      expected((own, { mean, variance }) => average(own.map((s, c) => kl(s.mean, s.variance, mean[c]!, variance[c]!)))),
    );
  });

  it('is KL(stored ‖ batch)', () => {
    check(
      { divergence: 'reverse-kl' },
      expected((own, { mean, variance }) => average(own.map((s, c) => kl(mean[c]!, variance[c]!, s.mean, s.variance)))),
    );
  });

  it('is the mean of both directions', () => {
    check(
      { divergence: 'symmetric' },
      expected((own, { mean, variance }) =>
        average(
          own.map(
            (s, c) =>
              (kl(s.mean, s.variance, mean[c]!, variance[c]!) + kl(mean[c]!, variance[c]!, s.mean, s.variance)) / 2,
          ),
        ),
      ),
    );
  });

  it('is the sum of squared differences', () => {
    check(
      { divergence: 'l2', aggregation: 'sum' },
      expected(
        (own, { mean, variance }) =>
          own.reduce((sum, s, c) => sum + (s.mean - mean[c]!) ** 2 + (s.variance - variance[c]!) ** 2, 0),
        (layers) => layers.reduce((sum, layer) => sum + layer, 0),
      ),
    );
  });

  it('is the norm of the differences of each layer', () => {
    const norm = (values: readonly number[]) => Math.hypot(...values);
    check(
      { divergence: 'norm', aggregation: 'sum' },
      expected(
        (own, { mean, variance }) =>
          norm(own.map((s, c) => s.mean - mean[c]!)) + norm(own.map((s, c) => s.variance - variance[c]!)),
        (layers) => layers.reduce((sum, layer) => sum + layer, 0),
      ),
    );
  });

  it('compares each sample by itself', () => {
    const layers = entering(model, x).map((values, l) => {
      const { channels, mean, variance } = model.batchNorms[l]!;
      const samples = [0, 1].map((n) => statistics(values, channels, values.length / (2 * channels), n, 1));
      return average(samples.flatMap((own) => own.map((s, c) => kl(s.mean, s.variance, mean[c]!, variance[c]!))));
    });
    check({ granularity: 'sample' }, average(layers));
  });

  it('weights layers', () => {
    check(
      { layerWeight: (_, index) => (index === 0 ? 3 : 1) },
      expected(
        (own, { mean, variance }) => average(own.map((s, c) => kl(s.mean, s.variance, mean[c]!, variance[c]!))),
        ([first, second]) => (3 * first! + second!) / 4,
      ),
    );
  });

  it('takes the input as one more layer', () => {
    const own = statistics(x.data, 3, 64, 0, 2);
    const input = { mean: [0.1, 0.2, 0.3], variance: [2] };
    const first = average(own.map((s, c) => kl(s.mean, s.variance, input.mean[c]!, 2)));
    check(
      { input },
      expected(
        (layer, { mean, variance }) => average(layer.map((s, c) => kl(s.mean, s.variance, mean[c]!, variance[c]!))),
        (layers) => average([first, ...layers]),
      ),
    );
  });

  it('blends the moments with those of finished batches', () => {
    const half = (b: Parameters<ReturnType<typeof termOf>>[0], own: Value) =>
      add(b, mul(b, own, 0.5), mul(b, own, 0.5));
    let blended: string[] = [];
    const write = (b: Parameters<ReturnType<typeof termOf>>[0], unit: Value) =>
      termOf(batchNormStatistics({ granularity: 'set' }), model, {
        overSet(name, own) {
          blended = [...blended, `${name} [${own.shape}]`];
          return half(b, own);
        },
      })(b, unit);
    const { value } = valueAndGradient(x, write);
    expect(blended).toEqual(['moments [2,1,11]']);
    expect(value).toBeCloseTo(valueAndGradient(x, termOf(batchNormStatistics(), model)).value, 6);
  });

  it('stays finite for dead channels and gives them no gradient', () => {
    const dead = network({
      widths: [2],
      statistics: (channels) => ({
        mean: new Float32Array(channels),
        variance: new Float32Array(channels).fill(1e-20),
      }),
    });
    const zero = tensorOf('float32', [2, 3, 8, 8], []);
    const { value, gradient } = valueAndGradient(zero, termOf(batchNormStatistics(), dead));
    expect(value).toBeCloseTo(0, 9);
    expect(Math.max(...gradient.map(Math.abs))).toBe(0);
  });

  it('names a network without BatchNormalization', () => {
    const plain = { ...model, batchNorms: [] };
    expect(() => valueAndGradient(x, termOf(batchNormStatistics(), plain))).toThrow(
      expect.objectContaining({ code: 'batchnorm-missing' }),
    );
  });
});
