import type { SampleBatch } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { memorySamples } from './memory.ts';

async function all(batches: AsyncIterable<SampleBatch>): Promise<SampleBatch[]> {
  const list: SampleBatch[] = [];
  for await (const batch of batches) list.push(batch);
  return list;
}

describe('memorySamples', () => {
  it('gives samples and labels in order, the last batch smaller, as often as asked', async () => {
    const data = Float32Array.from({ length: 10 }, (_, i) => i);
    const samples = memorySamples({ shape: [2], data, labels: [4, 3, 2, 1, 0] });
    expect(samples).toMatchObject({ shape: [2], count: 5, labelled: true });
    for (let pass = 0; pass < 2; pass++) {
      const batches = await all(samples.batches(2));
      expect(batches.map((batch) => batch.data.dims)).toEqual([
        [2, 2],
        [2, 2],
        [1, 2],
      ]);
      expect(batches.flatMap((batch) => [...batch.data.data])).toEqual([...data]);
      expect(batches.flatMap((batch) => [...batch.labels!])).toEqual([4, 3, 2, 1, 0]);
    }
  });

  it('has no labels where none are given', async () => {
    const samples = memorySamples({ shape: [], data: Float32Array.of(1) });
    expect(samples.labelled).toBe(false);
    expect(await all(samples.batches(9))).toEqual([
      { data: { dtype: 'float32', dims: [1], data: Float32Array.of(1) } },
    ]);
  });

  it.each([
    ['data-shape', { shape: [3], data: new Float32Array(4) }],
    ['data-shape', { shape: [0], data: new Float32Array(4) }],
    ['data-empty', { shape: [3], data: new Float32Array(0) }],
    ['labels-length', { shape: [1], data: new Float32Array(2), labels: [1] }],
  ] as const)('refuses with %s: %o', (code, given) => {
    expect(() => memorySamples(given)).toThrow(expect.objectContaining({ code }));
  });

  it.each([
    [undefined, '(options)', /an object of options/],
    [{}, 'shape', /nothing was given where the shape of one sample/],
    [{ shape: [3] }, 'data', /nothing was given where a Float32Array/],
    [{ shape: [3], data: [1, 2, 3] }, 'data', /an Array/],
    [{ shape: [1], data: new Float32Array(2), label: [0, 1] }, 'label', /there are shape, data, labels/],
  ])('refuses %j at %s', (given, path, message) => {
    expect(() => memorySamples(given as never)).toThrow(
      expect.objectContaining({ code: 'option-invalid', path, message: expect.stringMatching(message) }),
    );
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses batches of %d', async (size) => {
    const samples = memorySamples({ shape: [1], data: new Float32Array(2) });
    await expect(all(samples.batches(size))).rejects.toMatchObject({ code: 'option-invalid' });
  });
});
