import { expect, it } from 'vitest';
import { firstOf } from './firstOf.ts';
import type { SampleSet } from './samples.ts';

/** Samples of two values, counted through, with their number as label; tells how many were read. */
function counting(count: number): SampleSet & { readonly read: () => number } {
  let read = 0;
  return {
    shape: [2],
    count,
    labelled: true,
    read: () => read,
    async *batches(size) {
      for (let from = 0; from < count; from += size) {
        const rows = Math.min(size, count - from);
        read += rows;
        const data = Float32Array.from({ length: 2 * rows }, (_, i) => 2 * from + i);
        const labels = Int32Array.from({ length: rows }, (_, i) => from + i);
        yield { data: { dtype: 'float32', dims: [rows, 2], data }, labels };
      }
    },
  };
}

it.each([1, 2, 3, 5, 9])('reads the first samples in batches of %i', async (size) => {
  const samples = counting(7);
  const first = firstOf(samples, 5);
  expect(first).toMatchObject({ shape: [2], count: 5, labelled: true });
  const [values, labels, sizes]: number[][] = [[], [], []];
  for await (const batch of first.batches(size)) {
    expect(batch.data.data).toHaveLength(2 * batch.data.dims[0]!);
    sizes!.push(batch.data.dims[0]!);
    values!.push(...batch.data.data);
    labels!.push(...batch.labels!);
  }
  expect(values).toEqual([...Array(10).keys()]);
  expect(labels).toEqual([0, 1, 2, 3, 4]);
  expect(sizes!.slice(0, -1).every((own) => own === size)).toBe(true);
  expect(samples.read()).toBeLessThan(5 + Math.min(size, 5));
});

it('is all of a smaller set', () => {
  expect(firstOf(counting(3), 128).count).toBe(3);
});
