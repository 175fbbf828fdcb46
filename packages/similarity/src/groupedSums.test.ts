import { Random } from '@datafree/core';
import { describe, expect, it } from 'vitest';
import { gaussianDivergence } from './divergence.ts';
import { GroupedSums } from './groupedSums.ts';

const channels = 8;
const positions = 5;

/**
 * Draws samples of which each channel is N(0.2, 1.3), neighbouring positions of a sample being alike, and measures
 * them against N(0, 1).
 */
function measure(random: Random, samples: number, groups: number) {
  const reference = { mean: new Array(channels).fill(0), variance: new Array(channels).fill(1) };
  const sums = new GroupedSums([reference], groups);
  const all = { sum: new Float64Array(channels), square: new Float64Array(channels) };
  for (let n = 0; n < samples; n++) {
    const shared = random.normals(channels);
    const own = random.normals(channels * positions);
    const sum = new Float64Array(channels);
    const square = new Float64Array(channels);
    for (let i = 0; i < channels * positions; i++) {
      const c = Math.floor(i / positions);
      const value = 0.2 + Math.sqrt(1.3) * Math.SQRT1_2 * (shared[c]! + own[i]!);
      sum[c]! += value;
      square[c]! += value * value;
    }
    sums.addSample(n % groups);
    sums.addRow(0, n % groups, sum, square, positions);
    for (let c = 0; c < channels; c++) {
      all.sum[c]! += sum[c]!;
      all.square[c]! += square[c]!;
    }
  }
  const count = samples * positions;
  const plain = all.sum.reduce((total, sum, c) => {
    return total + gaussianDivergence(sum / count, all.square[c]! / count - (sum / count) ** 2, 1) / channels;
  }, 0);
  return { ...sums.estimate().total, plain };
}

const truth = gaussianDivergence(0.2, 1.3, 1);
const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe('GroupedSums', () => {
  const random = new Random(1);
  const runs = Array.from({ length: 300 }, () => measure(random, 40, 20));

  it('takes off the bias of few samples', () => {
    const deviation = Math.sqrt(average(runs.map((run) => (run.value - truth) ** 2)));
    const error = deviation / Math.sqrt(runs.length);
    expect(Math.abs(average(runs.map((run) => run.value)) - truth)).toBeLessThan(3 * error);
    // Without the correction the same runs are clearly too large.
    expect(average(runs.map((run) => run.plain)) - truth).toBeGreaterThan(8 * error);
  });

  it('has the truth within its spread about 95 times in 100', () => {
    const covered = average(runs.map((run) => (Math.abs(run.value - truth) <= run.spread ? 1 : 0)));
    expect(covered).toBeGreaterThan(0.9);
    const width = average(runs.map((run) => run.spread));
    const deviation = Math.sqrt(average(runs.map((run) => (run.value - truth) ** 2)));
    expect(width / deviation).toBeGreaterThan(1.7);
    expect(width / deviation).toBeLessThan(2.6);
  });

  it('agrees with itself at twice the number of samples, and gets surer', () => {
    const pairs = Array.from({ length: 100 }, () => [measure(random, 40, 20), measure(random, 80, 20)] as const);
    const agreeing = pairs.filter(([a, b]) => Math.abs(a.value - b.value) <= a.spread + b.spread);
    expect(agreeing.length).toBeGreaterThanOrEqual(95);
    const ratio = average(pairs.map(([a]) => a.spread)) / average(pairs.map(([, b]) => b.spread));
    expect(ratio).toBeGreaterThan(1.25);
    expect(ratio).toBeLessThan(1.6);
  });

  it('averages channels, then layers', () => {
    const references = [
      { mean: [0], variance: [1] },
      { mean: [0, 0, 0], variance: [1, 1, 1] },
    ];
    const sums = new GroupedSums(references, 2);
    // Two samples that are exactly alike: no scatter, no bias.
    for (const group of [0, 1]) {
      sums.addSample(group);
      sums.addRow(0, group, [2], [4], 2);
      sums.addRow(1, group, [0, 0, 2], [2, 4, 4], 2);
    }
    const first = gaussianDivergence(1, 1, 1);
    const second = (gaussianDivergence(0, 1, 1) + gaussianDivergence(0, 2, 1) + gaussianDivergence(1, 1, 1)) / 3;
    const { layers, total } = sums.estimate();
    expect(layers.map((layer) => layer.value)).toEqual([expect.closeTo(first, 12), expect.closeTo(second, 12)]);
    expect(total.value).toBeCloseTo((first + second) / 2, 12);
    expect(total.spread).toBeCloseTo(0, 12);
  });
});
