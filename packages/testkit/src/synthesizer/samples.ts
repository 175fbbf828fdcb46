import { elementCount } from '@datafree/core';
import type { Model, SampleSet } from '@datafree/plugin';
import { must } from '../expectation.ts';

/** All samples of a set as bytes, labels after them. */
export async function bytesOf(samples: SampleSet): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const labels: Uint8Array[] = [];
  for await (const batch of samples.batches(4)) {
    const { buffer, byteOffset, byteLength } = batch.data.data;
    parts.push(new Uint8Array(buffer.slice(byteOffset, byteOffset + byteLength)));
    if (batch.labels !== undefined) labels.push(Uint8Array.from(batch.labels));
  }
  return new Uint8Array(Buffer.concat([...parts, ...labels]));
}

/** @throws an Error unless the set says and holds `count` float32 samples of the network, read in batches of any size */
export async function mustHoldSamples(samples: SampleSet, count: number, model: Model): Promise<void> {
  const shape = model.input.shape.slice(1);
  must(String(samples.shape) === String(shape), `the shape is [${samples.shape}] instead of [${shape}]`);
  must(samples.count === count, `the count is ${samples.count} instead of ${count}`);
  for (const size of [1, 2, count + 3]) {
    let read = 0;
    for await (const { data } of samples.batches(size)) {
      const expected = Math.min(size, count - read);
      must(data.dtype === 'float32' && data.data instanceof Float32Array, `the type is ${data.dtype}`);
      const dims = [expected, ...shape];
      must(String(data.dims) === String(dims), `a batch of ${size} has the shape [${data.dims}] instead of [${dims}]`);
      must(data.data.length === elementCount(data.dims), `[${data.dims}] holds ${data.data.length} values`);
      read += expected;
    }
    must(read === count, `${read} samples were read instead of ${count}`);
  }
}

/** @throws an Error when a value is NaN or infinite */
export async function mustBeFinite(samples: SampleSet): Promise<void> {
  for await (const { data } of samples.batches(8)) {
    const wrong = data.data.find((value) => !Number.isFinite(value));
    must(wrong === undefined, `there is ${wrong} among the values`);
  }
}

/** @throws an Error when a finite value is none that the network's grid has */
export async function mustLieOnGrid(samples: SampleSet, { grid }: Model): Promise<void> {
  if (grid === undefined) return;
  const channels = samples.shape[0] as number;
  const inner = elementCount(samples.shape) / channels;
  // Values are 32-bit floats: a stored value comes back with an error of its own.
  const slack = 1e-4 * Math.max(1, Math.abs(grid.low), Math.abs(grid.high));
  for await (const { data } of samples.batches(8)) {
    for (const [i, value] of data.data.entries()) {
      if (!Number.isFinite(value)) continue;
      const c = Math.floor(i / inner) % channels;
      const scale = grid.scale[grid.scale.length === 1 ? 0 : c] as number;
      const stored = (value - (grid.offset[grid.offset.length === 1 ? 0 : c] as number)) / scale;
      const inside = stored >= grid.low - slack && stored <= grid.high + slack;
      must(inside, `${value} is stored as ${stored}, outside ${grid.low} … ${grid.high}`);
      const whole = !grid.whole || Math.abs(stored - Math.round(stored)) <= slack;
      must(whole, `${value} is stored as ${stored}, which is not whole`);
    }
  }
}

/** @throws an Error unless the set is labelled as it says, with classes from 0 to `classes` − 1 */
export async function mustBeLabelled(samples: SampleSet, labelled: boolean, classes: number): Promise<void> {
  must(samples.labelled === labelled, `the set says labelled: ${samples.labelled}`);
  for await (const { data, labels } of samples.batches(3)) {
    if (!labelled) {
      must(labels === undefined, 'a batch has labels');
      continue;
    }
    must(labels instanceof Int32Array, 'a batch has no labels in an Int32Array');
    must(labels.length === data.dims[0], `a batch of ${data.dims[0]} has ${labels.length} labels`);
    const wrong = labels.find((label) => label < 0 || label >= classes);
    must(wrong === undefined, `${wrong} is no class from 0 to ${classes - 1}`);
  }
}
