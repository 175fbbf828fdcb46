import { elementCount } from '@datafree/core';
import { checkNames, DatafreeError, type SampleBatch, type SampleSet, wrongArgument } from '@datafree/plugin';

/** Samples that lie in memory. */
export interface MemorySamples {
  /** Shape of one sample, without the batch axis. */
  readonly shape: readonly number[];
  /** Network inputs, one sample after the other. */
  readonly data: Float32Array;
  /** Class of each sample. */
  readonly labels?: ArrayLike<number> | undefined;
}

/**
 * A sample set over an array in memory. Batches are views of the array: do not write to them.
 *
 * @throws `data-shape` when the array does not hold whole samples, `data-empty`, `labels-length`, `option-invalid`
 */
export function memorySamples(samples: MemorySamples): SampleSet {
  checkNames('memorySamples', samples, ['shape', 'data', 'labels']);
  const { shape, data, labels } = samples;
  if (!Array.isArray(shape)) throw missing('shape', shape, 'the shape of one sample');
  if (!(data instanceof Float32Array)) throw missing('data', data, 'a Float32Array');
  const size = elementCount(shape);
  if (size === 0 || data.length % size !== 0) {
    throw new DatafreeError('data-shape', `${data.length} numbers do not make whole samples of shape [${shape}].`);
  }
  const count = data.length / size;
  if (count === 0) throw new DatafreeError('data-empty', 'The data set has no samples.');
  if (labels !== undefined && labels.length !== count) {
    throw new DatafreeError('labels-length', `There are ${labels.length} labels for ${count} samples.`, {
      hint: 'Give one label a sample, in the order of the samples.',
    });
  }
  const classes = labels === undefined ? undefined : Int32Array.from(labels);
  return {
    shape,
    count,
    labelled: classes !== undefined,
    async *batches(batchSize) {
      for (const [start, end] of spans(count, batchSize)) {
        yield batchOf(shape, data.subarray(start * size, end * size), classes?.subarray(start, end));
      }
    },
  };
}

function missing(path: string, value: unknown, needed: string): DatafreeError {
  const hint = 'Give { shape: [3, 224, 224], data: new Float32Array(…), labels: [...] }; labels can be left out.';
  return wrongArgument('memorySamples', path, value, { needed, hint });
}

/** A batch, with labels only where they are known. */
export function batchOf(shape: readonly number[], data: Float32Array, labels: Int32Array | undefined): SampleBatch {
  const dims = [data.length / elementCount(shape), ...shape];
  const tensor = { dtype: 'float32', dims, data } as const;
  return labels === undefined ? { data: tensor } : { data: tensor, labels };
}

/** Cuts 0 … count into consecutive spans of a size. @throws `option-invalid` when the size is not a whole number from 1 */
export function* spans(count: number, size: number): Generator<readonly [start: number, end: number]> {
  if (!Number.isInteger(size) || size < 1) {
    throw new DatafreeError('option-invalid', `A batch must have at least one sample, but ${size} were asked for.`, {
      path: 'size',
    });
  }
  for (let start = 0; start < count; start += size) yield [start, Math.min(count, start + size)];
}
