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

  it('repeats a set that is smaller than a batch', async () => {
    const pool = new SamplePool(indices(3), 5, new Random(1));
    expect(new Set(await pool.batch(0))).toEqual(new Set([0, 1, 2]));
  });
});
