import type { SampleBatch, SampleSet } from './samples.ts';

/**
 * The first samples of a set as one of their own. Where the others are still to be made, reading it makes none but those
 * that share a batch of the reader with them.
 *
 * @param most from 1; all where the set has fewer
 */
export function firstOf(samples: SampleSet, most: number): SampleSet {
  const { shape, labelled } = samples;
  const count = Math.min(most, samples.count);
  return {
    shape,
    count,
    labelled,
    async *batches(size) {
      let left = count;
      for await (const batch of samples.batches(Math.min(size, count))) {
        const own = cut(batch, left);
        left -= own.data.dims[0] as number;
        yield own;
        if (left === 0) return;
      }
    },
  };
}

/** At most so many samples of a batch. */
function cut(batch: SampleBatch, most: number): SampleBatch {
  const { data, labels } = batch;
  const [length = 0, ...shape] = data.dims;
  if (length <= most) return batch;
  const part = { ...data, dims: [most, ...shape], data: data.data.subarray(0, (data.data.length / length) * most) };
  return labels === undefined ? { data: part } : { data: part, labels: labels.subarray(0, most) };
}
