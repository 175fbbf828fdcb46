import { elementCount, tensorOf } from '@datafree/core';
import type { SampleSet } from '@datafree/plugin';

/** Samples in memory. @param values laid out as [samples, …shape] */
export function memorySamples(shape: readonly number[], values: Float32Array, labels?: Int32Array): SampleSet {
  const length = elementCount(shape);
  const count = values.length / length;
  return {
    shape,
    count,
    labelled: labels !== undefined,
    async *batches(size) {
      for (let from = 0; from < count; from += size) {
        const to = Math.min(count, from + size);
        const data = tensorOf('float32', [to - from, ...shape], values.subarray(from * length, to * length));
        yield labels === undefined ? { data } : { data, labels: labels.slice(from, to) };
      }
    },
  };
}
