import { elementCount, Random } from '@datafree/core';
import { memorySamples } from '@datafree/data';
import type { SampleSet } from '@datafree/plugin';

/** As many samples of a set, drawn without replacement; all of them where there are no more. */
export async function drawn(samples: SampleSet, count: number, seed: number): Promise<SampleSet> {
  if (count >= samples.count) return samples;
  const chosen = new Random(seed).fork('drawn').permutation(samples.count).slice(0, count).sort();
  const size = elementCount(samples.shape);
  const data = new Float32Array(count * size);
  let [first, next] = [0, 0];
  for await (const { data: part } of samples.batches(256)) {
    const end = first + (part.dims[0] as number);
    for (; next < count && (chosen[next] as number) < end; next++) {
      const start = ((chosen[next] as number) - first) * size;
      data.set(part.data.subarray(start, start + size), next * size);
    }
    first = end;
  }
  return memorySamples({ shape: samples.shape, data });
}
