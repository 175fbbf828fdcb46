import { concat, interpret, mul, Random, tensorOf, type Value } from '@datafree/core';
import type { Tensor } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { centralDifferences, valueAndGradient } from '../testing/derivative.ts';
import { network } from '../testing/network.ts';
import { termOf } from '../testing/scope.ts';
import { classBalance } from './balance.ts';
import { sampleDiversity } from './diversity.ts';

const model = network();
const count = 3;
const x = tensorOf('float32', [count, 3, 8, 8], new Random(7).normals(count * 3 * 64));
const elements = [0, 100, 383, 500];

/** Rows of one of the network's values, by an evaluation of the network itself. */
function rowsOf(name: string, input: Tensor, rows: number): number[][] {
  const values = interpret(model.graph, { input }, { double: true, wanted: [name] })[name]?.data as Float64Array;
  const size = values.length / rows;
  return Array.from({ length: rows }, (_, i) => Array.from(values.subarray(i * size, (i + 1) * size)));
}

function checkGradient(write: ReturnType<typeof termOf>): void {
  const { gradient } = valueAndGradient(x, write);
  centralDifferences(x, write, elements).forEach((slope, i) => {
    expect(slope).not.toBe(0);
    expect(gradient[elements[i]!]! / slope).toBeCloseTo(1, 3);
  });
}

describe('classBalance', () => {
  it('is the negative entropy of the mean softmax', () => {
    const write = termOf(classBalance(), model);
    const softmax = rowsOf('logits', x, count).map((row) => {
      const sum = row.reduce((total, z) => total + Math.exp(z), 0);
      return row.map((z) => Math.exp(z) / sum);
    });
    const shares = [0, 1, 2, 3].map((c) => softmax.reduce((sum, row) => sum + row[c]!, 0) / count);
    const expected = shares.reduce((sum, share) => sum + share * Math.log(share), 0);
    expect(valueAndGradient(x, write).value).toBeCloseTo(expected, 6);
    expect(expected).toBeGreaterThan(-Math.log(4));
    checkGradient(write);
  });
});

describe('sampleDiversity', () => {
  const site = model.batchNorms.at(-1)!;
  const cosine = (a: readonly number[], c: readonly number[]) =>
    a.reduce((sum, value, i) => sum + value * c[i]!, 0) / (Math.hypot(...a) * Math.hypot(...c));

  /** Pooled, normalised features of each sample. */
  const features = (input: Tensor, rows: number): number[][] =>
    rowsOf(site.tensor, input, rows).map((row) =>
      Array.from(site.mean, (mean, c) => {
        const own = row.slice((c * row.length) / site.channels, ((c + 1) * row.length) / site.channels);
        const pooled = own.reduce((sum, value) => sum + value, 0) / own.length;
        return (pooled - mean) / Math.sqrt(site.variance[c]! + site.epsilon);
      }),
    );
  const meanCosine = ([a, c, d]: readonly number[][]) => (cosine(a!, c!) + cosine(a!, d!) + cosine(c!, d!)) / 3;

  it('is the mean cosine between the features of two samples', () => {
    const write = termOf(sampleDiversity(), model);
    expect(valueAndGradient(x, write).value).toBeCloseTo(meanCosine(features(x, count)), 5);
    checkGradient(write);
  });

  it('takes the copies of a sample together', () => {
    const write = termOf(sampleDiversity(), model, {
      input: (b, unit: Value) => concat(b, [unit, mul(b, unit, 0.5)], 0),
    });
    const copies = tensorOf('float32', [2 * count, 3, 8, 8], [...x.data, ...x.data.map((value) => value / 2)]);
    const all = features(copies, 2 * count);
    const mean = [0, 1, 2].map((n) => all[n]!.map((value, c) => (value + all[n + count]![c]!) / 2));
    expect(valueAndGradient(x, write).value).toBeCloseTo(meanCosine(mean), 5);
    checkGradient(write);
  });

  it('is 0 for one sample, and 1 for equal ones', () => {
    const one = tensorOf('float32', [1, 3, 8, 8], x.data.subarray(0, 192));
    expect(valueAndGradient(one, termOf(sampleDiversity(), model)).value).toBe(0);
    const twice = tensorOf('float32', [2, 3, 8, 8], [...one.data, ...one.data]);
    expect(valueAndGradient(twice, termOf(sampleDiversity(), model)).value).toBeCloseTo(1, 6);
  });

  it('names a network without BatchNormalization', () => {
    const plain = { ...model, batchNorms: [] };
    expect(() => valueAndGradient(x, termOf(sampleDiversity(), plain))).toThrow(
      expect.objectContaining({ code: 'batchnorm-missing' }),
    );
  });
});
