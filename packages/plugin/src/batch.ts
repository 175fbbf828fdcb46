import { kindOf } from './schema.ts';

/** What batches of samples have to be. */
export interface BatchForm {
  /** Shape of one sample, without the batch axis. */
  readonly shape: readonly number[];
  /** Whether each batch has the classes of its samples. */
  readonly labelled: boolean;
}

/**
 * What is wrong with what stands in the place of a `SampleBatch`, as the end of a sentence, or undefined: a part that is
 * missing or of another type, `dims` that do not fit the samples or the data, labels that are missing. Values are not
 * looked at. Takes the same time for a batch of any size, but for its labels.
 */
export function batchFault(batch: unknown, { shape, labelled }: BatchForm): string | undefined {
  if (!isObject(batch) || !isObject(batch.data)) {
    return `${kindOf(isObject(batch) ? batch.data : batch)} where a tensor of samples is needed`;
  }
  const { dtype, dims, data } = batch.data;
  if (dtype !== 'float32') return `samples of type ${String(dtype)} where float32 is needed`;
  if (!(data instanceof Float32Array)) return `samples in ${kindOf(data)} where a Float32Array is needed`;
  if (!Array.isArray(dims) || !dims.every((size) => Number.isInteger(size) && size > 0)) {
    return `samples of dims ${Array.isArray(dims) ? `[${dims}]` : kindOf(dims)} where whole numbers from 1 are needed`;
  }
  const [count, ...own] = dims as number[];
  if (String(own) !== String(shape)) {
    return `samples of dims [${dims.join(', ')}] where [samples, ${shape.join(', ')}] is needed`;
  }
  const length = dims.reduce((product, size) => product * size, 1);
  if (data.length !== length) return `${data.length} values for dims [${dims.join(', ')}], which hold ${length}`;
  return labelled ? labelFault(batch.labels, count as number) : undefined;
}

function labelFault(labels: unknown, count: number): string | undefined {
  if (!(labels instanceof Int32Array)) return `labels in ${kindOf(labels)} where an Int32Array is needed`;
  if (labels.length !== count) return `${labels.length} labels for ${count} samples`;
  const wrong = labels.find((label) => label < 0);
  return wrong === undefined ? undefined : `the label ${wrong}, which is no class`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
