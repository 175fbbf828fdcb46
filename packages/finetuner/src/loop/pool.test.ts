import { Random, tensorOf } from '@datafree/core';
import type { SampleSet } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { SamplePool } from './pool.ts';

/** Samples of one number each: their index. */
function indices(count: number): SampleSet {
  return {
    shape: [1],
    count,
    labelled: false,
    async *batches(size) {
      for (let from = 0; from < count; from += size) {
        const values = Array.from({ length: Math.min(size, count - from) }, (_, i) => from + i);
        yield { data: tensorOf('float32', [values.length, 1], values) };
      }
    },
  };
}

/** {@link indices}, made in twos when they are first read. */
function growing(count: number, ready: number): { readonly samples: SampleSet; readonly made: () => number } {
  let made = ready;
  const samples: SampleSet = {
    ...indices(count),
    ready,
    async *batches(size) {
      let read = 0;
      for await (const batch of indices(count).batches(size)) {
        read += batch.data.dims[0] as number;
        while (made < read) made += 2;
        yield batch;
      }
    },
  };
  return { samples, made: () => made };
}

describe('SamplePool', () => {
  it.each([1000, 7])('draws every sample once an epoch, in another order each time (room for %i)', async (room) => {
    const pool = new SamplePool(indices(20), 5, new Random(1), room);
    const epoch = async (n: number) => {
      const drawn: number[] = [];
      for (let step = 4 * n; step < 4 * n + 4; step++) drawn.push(...(await pool.batch(step)));
      return drawn;
    };
    const [first, second] = [await epoch(0), await epoch(1)];
    const sorted = (values: number[]) => [...values].sort((a, b) => a - b);
    expect(sorted(first)).toEqual([...Array(20).keys()]);
    expect(sorted(second)).toEqual([...Array(20).keys()]);
    expect(second).not.toEqual(first);
    expect(await epoch(0)).toEqual(first);
  });

  it('draws from a set that is still being made as much as there is at each step, and makes no more', async () => {
    const { samples, made } = growing(20, 4);
    const whole = indices(20);
    const pool = new SamplePool(samples, 4, new Random(1));
    const known = [4, 8, 8, 16, 16, 16, 16, 20];
    const drawn: number[][] = [];
    for (const [step, count] of known.entries()) {
      drawn.push([...(await pool.batch(step))]);
      expect(made()).toBe(count);
      for (const value of drawn[step]!) expect(value).toBeLessThan(count);
    }
    expect(new Set(drawn.slice(1, 3).flat()).size).toBe(8);
    expect(new Set(drawn.slice(3, 7).flat()).size).toBe(16);
    // From then on it is the pool of a set that is there.
    const later = new SamplePool(whole, 4, new Random(1));
    for (let step = 0; step < 10; step++) expect(await pool.batch(7 + step)).toEqual(await later.batch(step));
    // A run that goes on draws what one that was not interrupted draws, also where all is there by now.
    for (const resumed of [growing(20, 4).samples, { ...whole, ready: 4 }]) {
      const again = new SamplePool(resumed, 4, new Random(1));
      for (const step of [4, 5, 6, 7]) expect(await again.batch(step)).toEqual(await pool.batch(step));
      expect([...(await again.batch(1))]).toEqual(drawn[1]);
    }
  });

  it('reads a part that is larger than the room in windows', async () => {
    const { samples } = growing(40, 16);
    const pool = new SamplePool(samples, 4, new Random(1), 6);
    const first: number[] = [];
    for (let step = 0; step < 4; step++) first.push(...(await pool.batch(step)));
    expect(first.sort((a, b) => a - b)).toEqual([...Array(16).keys()]);
    const second: number[] = [];
    for (let step = 4; step < 12; step++) second.push(...(await pool.batch(step)));
    expect(second.sort((a, b) => a - b)).toEqual([...Array(32).keys()]);
  });

  it('repeats a set that is smaller than a batch', async () => {
    const pool = new SamplePool(indices(3), 5, new Random(1));
    expect(new Set(await pool.batch(0))).toEqual(new Set([0, 1, 2]));
  });

  it('tells how many steps wait for no sample', async () => {
    const { samples, made } = growing(20, 4);
    const pool = new SamplePool(samples, 2, new Random(1));
    expect(pool.stepsAtOnce).toBe(2);
    for (let step = 0; step < pool.stepsAtOnce; step++) await pool.batch(step);
    expect(made()).toBe(4);
    expect(new SamplePool(indices(20), 2, new Random(1)).stepsAtOnce).toBe(Number.POSITIVE_INFINITY);
  });
});
