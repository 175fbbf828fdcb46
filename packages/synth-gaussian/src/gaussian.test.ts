import { type Context, type InputGrid, type Model, type Runtime, type SampleSet, silentLogger } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { gaussian } from './gaussian.ts';

const runtime: Runtime = {
  kind: 'runtime',
  name: 'none',
  apiVersion: 1,
  supports: { gradients: false, integerKernels: false, opset: 21 },
  compile: async () => {
    throw new Error('Nothing is to be run.');
  },
};
const context = (seed = 1): Context => ({ runtime, seed, logger: silentLogger, onProgress() {} });

function modelOf(shape: readonly number[], grid?: InputGrid): Model {
  const input = { name: 'input', dtype: 'float32', shape: ['N', ...shape] } as const;
  const output = { name: 'output', dtype: 'float32', shape: ['N', 2] } as const;
  const graph = {
    name: 'any',
    opset: { '': 21 },
    inputs: [input],
    outputs: [output],
    initializers: new Map(),
    nodes: [],
    metadata: new Map(),
  };
  return { graph, input, output, batchNorms: [], hash: '', ...(grid && { grid }) };
}

async function values(set: SampleSet, size = set.count): Promise<number[]> {
  const all: number[] = [];
  for await (const batch of set.batches(size)) all.push(...batch.data.data);
  return all;
}

const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
const deviation = (list: readonly number[]) => {
  const middle = mean(list);
  return Math.sqrt(mean(list.map((value) => (value - middle) ** 2)));
};

describe('gaussian', () => {
  it('draws standard normal values where the range is not known', async () => {
    const all = await values(await gaussian().synthesize(modelOf([2, 10, 10]), { count: 100 }, context()));
    expect(all).toHaveLength(20_000);
    expect(mean(all)).toBeCloseTo(0, 1);
    expect(deviation(all)).toBeCloseTo(1, 1);
  });

  it('draws about the middle of a known range, truncated and rounded', async () => {
    const grid: InputGrid = { scale: [2, -1], offset: [10, 0], low: 0, high: 20, whole: true };
    const all = await values(await gaussian().synthesize(modelOf([2, 20, 20], grid), { count: 50 }, context()));
    const first = all.filter((_, i) => Math.floor(i / 400) % 2 === 0).map((value) => (value - 10) / 2);
    const second = all.filter((_, i) => Math.floor(i / 400) % 2 === 1).map((value) => -value);
    for (const stored of [first, second]) {
      expect(stored.every((value) => Number.isInteger(value) && value >= 0 && value <= 20)).toBe(true);
      expect(Math.abs(mean(stored) - 10)).toBeLessThan(0.2);
      // A quarter of the width is 5; what lies beyond two deviations is drawn again.
      expect(deviation(stored)).toBeGreaterThan(4);
      expect(deviation(stored)).toBeLessThan(5);
      // Truncated, not clamped: no heap of values at the ends.
      const atEnds = stored.filter((value) => value === 0 || value === 20).length / stored.length;
      expect(atEnds).toBeLessThan(0.03);
    }
  });

  it('takes mean and deviation for all or for each channel, and clamps where nearly all lies outside', async () => {
    const each = gaussian({ mean: [5, -5], deviation: 0.1 });
    const all = await values(await each.synthesize(modelOf([2, 3]), { count: 40 }, context()));
    expect(mean(all.filter((_, i) => i % 6 < 3))).toBeCloseTo(5, 1);
    expect(mean(all.filter((_, i) => i % 6 >= 3))).toBeCloseTo(-5, 1);
    const grid: InputGrid = { scale: [1], offset: [0], low: 0, high: 1, whole: false };
    const outside = gaussian({ mean: 50, deviation: 1 });
    expect(new Set(await values(await outside.synthesize(modelOf([1, 4], grid), { count: 2 }, context())))).toEqual(
      new Set([1]),
    );
  });

  it('gives the same values however they are read, and others for another seed', async () => {
    const make = (seed: number) => gaussian().synthesize(modelOf([3, 4]), { count: 10 }, context(seed));
    const set = await make(1);
    expect(await values(set, 3)).toEqual(await values(set, 10));
    expect(await values(await make(1))).toEqual(await values(set));
    expect(await values(await make(2))).not.toEqual(await values(set));
  });

  it('counts to the end at once', async () => {
    const events: unknown[] = [];
    const listening = { ...context(), onProgress: (event: unknown) => events.push(event) };
    await gaussian().synthesize(modelOf([1]), { count: 7 }, listening);
    expect(events).toEqual([{ stage: 'synthesis', unit: 'samples', done: 7, total: 7 }]);
  });

  it('does nothing once aborted', async () => {
    const aborted = { ...context(), signal: AbortSignal.abort() };
    await expect(gaussian().synthesize(modelOf([1]), { count: 7 }, aborted)).rejects.toMatchObject({ code: 'aborted' });
  });

  it('refuses wrong options with their path', async () => {
    expect(() => gaussian({ std: 1 } as never)).toThrow(
      expect.objectContaining({ code: 'option-invalid', path: 'std' }),
    );
    expect(() => gaussian({ deviation: -1 })).toThrow(expect.objectContaining({ path: 'deviation' }));
    await expect(gaussian().synthesize(modelOf([1]), { count: 0 }, context())).rejects.toMatchObject({
      code: 'option-invalid',
    });
  });

  it('refuses statistics of another number of channels', async () => {
    const wrong = gaussian({ mean: [1, 2] });
    await expect(wrong.synthesize(modelOf([3, 4]), { count: 1 }, context())).rejects.toMatchObject({
      code: 'option-invalid',
      path: 'mean',
    });
  });
});
