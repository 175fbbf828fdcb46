import { memorySamples } from '@datafree/data';
import type { SampleSet } from '@datafree/plugin';
import { expect, test } from 'vitest';
import { drawn } from './drawn.ts';

const samples = memorySamples({ shape: [2], data: Float32Array.from({ length: 1200 }, (_, i) => i) });

async function firsts(set: SampleSet): Promise<number[]> {
  const found: number[] = [];
  for await (const { data } of set.batches(100)) {
    for (let i = 0; i < data.data.length; i += 2) {
      expect(data.data[i + 1]).toBe((data.data[i] as number) + 1);
      found.push(data.data[i] as number);
    }
  }
  return found;
}

test('draws whole samples, each at most once, by the seed', async () => {
  const some = await firsts(await drawn(samples, 300, 1));
  expect(new Set(some).size).toBe(300);
  expect(some.every((value) => value % 2 === 0 && value >= 0 && value < 1200)).toBe(true);
  expect(await firsts(await drawn(samples, 300, 1))).toEqual(some);
  expect(await firsts(await drawn(samples, 300, 2))).not.toEqual(some);
});

test('takes all where there are no more', async () => {
  expect(await drawn(samples, 600, 1)).toBe(samples);
});
