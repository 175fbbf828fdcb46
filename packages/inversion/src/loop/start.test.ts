import { Random } from '@datafree/core';
import { describe, expect, it } from 'vitest';
import type { InputEstimate } from '../estimate/estimate.ts';
import type { SearchSpace } from '../space/space.ts';
import { startOf } from './start.ts';

const shape = [1, 24, 24];
const inner = 24 * 24;
const samples = 200;
const space: SearchSpace = { shape, scale: [1], offset: [0], bounded: false, steps: undefined };
const estimateOf = (grain: number): InputEstimate => ({
  mean: [3],
  deviation: [2],
  octaves: [{ grain, shared: true, variance: 4 }],
  known: true,
});

function moments(values: ArrayLike<number>): { mean: number; deviation: number } {
  const list = Array.from(values);
  const mean = list.reduce((sum, value) => sum + value / list.length, 0);
  return { mean, deviation: Math.sqrt(list.reduce((sum, value) => sum + (value - mean) ** 2 / list.length, 0)) };
}

/** Mean and deviation of each sample. */
function started(contrast: number | undefined, grain = 1) {
  const unit = startOf({ start: 'estimated', contrast }, space, estimateOf(grain), samples, new Random(4));
  const each = Array.from({ length: samples }, (_, n) => moments(unit.subarray(n * inner, (n + 1) * inner)));
  return { whole: moments(unit), each };
}

describe('startOf', () => {
  it('spreads the contrast of samples and keeps mean and variance of all', () => {
    const { whole, each } = started(0.5);
    expect(Math.abs(moments(each.map(({ deviation }) => Math.log(deviation))).deviation - 0.5)).toBeLessThan(0.06);
    expect(Math.abs(whole.mean - 3)).toBeLessThan(0.05);
    expect(Math.abs(whole.deviation / 2 - 1)).toBeLessThan(0.15);
  });

  it('gives all samples one contrast where none is asked for', () => {
    expect(moments(started(undefined).each.map(({ deviation }) => Math.log(deviation))).deviation).toBeLessThan(0.05);
  });

  it('leaves the brightness of samples as the network tells it', () => {
    const brightness = (contrast: number) => started(contrast, Number.POSITIVE_INFINITY).each.map(({ mean }) => mean);
    expect(brightness(0.5)).toEqual(brightness(0));
  });
});
