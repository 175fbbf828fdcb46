import { describe, expect, it } from 'vitest';
import { tensorOf } from '../tensor.ts';
import { batchSizes, filledBatch, fixedBatch } from './batch.ts';

describe('the batch axis of an input', () => {
  it('has the size that is asked for where it is free', () => {
    const input = { name: 'x', dtype: 'float32', shape: ['N', 3] } as const;
    expect(batchSizes(input, 4)).toEqual({ N: 4 });
    expect(fixedBatch(input)).toBeUndefined();
  });

  it('keeps its own where it is fixed', () => {
    const input = { name: 'x', dtype: 'float32', shape: [2, 3] } as const;
    expect(batchSizes(input, 4)).toEqual({});
    expect(fixedBatch(input)).toBe(2);
  });
});

describe('filledBatch', () => {
  it('repeats the samples of a smaller batch, the last repetition in part', () => {
    const filled = filledBatch(tensorOf('float32', [2, 1], [1, 2]), 5);
    expect(filled.dims).toEqual([5, 1]);
    expect(Array.from(filled.data)).toEqual([1, 2, 1, 2, 1]);
  });

  it('hands on a batch that is whole', () => {
    const batch = tensorOf('float32', [2, 1], [1, 2]);
    expect(filledBatch(batch, 2)).toBe(batch);
  });
});
