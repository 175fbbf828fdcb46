import { elementCount } from '@datafree/core';
import type { SampleBatch } from '@datafree/plugin';

/** The same samples in groups of `size`; the last one may be smaller. */
export async function* regrouped(
  source: AsyncIterable<SampleBatch>,
  size: number,
): AsyncGenerator<SampleBatch, void, undefined> {
  let waiting: SampleBatch[] = [];
  let samples = 0;
  for await (const batch of source) {
    const [own = 0] = batch.data.dims;
    let taken = 0;
    while (taken < own) {
      const part = Math.min(own - taken, size - samples);
      waiting.push(portion(batch, taken, taken + part));
      taken += part;
      samples += part;
      if (samples < size) continue;
      yield joined(waiting);
      waiting = [];
      samples = 0;
    }
  }
  if (samples > 0) yield joined(waiting);
}

function portion({ data, labels }: SampleBatch, from: number, to: number): SampleBatch {
  const [, ...shape] = data.dims;
  const length = elementCount(shape);
  const part = { ...data, dims: [to - from, ...shape], data: data.data.subarray(from * length, to * length) };
  return labels === undefined ? { data: part } : { data: part, labels: labels.subarray(from, to) };
}

/** One batch of several, with memory of its own. */
function joined(parts: readonly SampleBatch[]): SampleBatch {
  const [, ...shape] = (parts[0] as SampleBatch).data.dims;
  const count = parts.reduce((sum, { data }) => sum + (data.dims[0] as number), 0);
  const values = new Float32Array(count * elementCount(shape));
  const classes = parts[0]?.labels === undefined ? undefined : new Int32Array(count);
  let at = 0;
  for (const { data, labels } of parts) {
    values.set(data.data, at * elementCount(shape));
    if (labels !== undefined) classes?.set(labels, at);
    at += data.dims[0] as number;
  }
  const data = { dtype: 'float32' as const, dims: [count, ...shape], data: values };
  return classes === undefined ? { data } : { data, labels: classes };
}
