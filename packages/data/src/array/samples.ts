import { numbersOf } from '@datafree/core';
import { DatafreeError, type Logger, type SampleSet, silentLogger, type Tensor } from '@datafree/plugin';
import { batchOf, spans } from '../memory.ts';
import { affineOf, type ChannelAffine, isIdentity, isPixels, type Preprocess } from '../preprocess/preprocess.ts';
import { rangeCheck } from '../preprocess/range.ts';
import { arrange, layoutOf } from './layout.ts';
import type { NpyDType } from './npy.ts';
import type { Rows } from './rows.ts';

/**
 * Stored samples as inputs of a network. 8-bit values are converted by `preprocess`; floats are inputs already;
 * wider whole numbers are pixels where the preprocessing is one of pixels, and inputs otherwise.
 *
 * @param shape of one sample of the network, [C, …]
 * @param labels one for each row
 * @param limit at most so many rows, from the first
 * @param logger is warned when a preprocessing is given for floats, to which it is not applied, and, once while reading,
 * when floats lie far outside the values that it says the network takes
 * @throws `data-shape`, `data-empty`, `option-invalid`; while reading, `data-format` for a value that is not finite or
 * no pixel
 */
export function rowSamples(
  rows: Rows,
  {
    shape,
    preprocess,
    labels,
    limit = Number.POSITIVE_INFINITY,
    logger = silentLogger,
  }: {
    readonly shape: readonly number[];
    readonly preprocess: Preprocess;
    readonly labels?: Int32Array | undefined;
    readonly limit?: number | undefined;
    readonly logger?: Logger | undefined;
  },
): SampleSet {
  if (rows.count === 0) throw new DatafreeError('data-empty', `${rows.name} has no samples.`, { path: rows.name });
  const layout = layoutOf(rows.stored, shape, rows.dtype, rows.name);
  const { affine, check } = conversion(rows.dtype, preprocess, shape[0] ?? 1);
  const floats = rows.dtype.startsWith('float');
  if (floats && !isIdentity(preprocess, shape[0] ?? 1)) {
    logger.warn(
      `${rows.name} holds ${rows.dtype} values, which are taken as the network's input already: the preprocessing is not applied to them. Store pixels as uint8 to have it applied.`,
    );
  }
  const inRange = floats ? rangeCheck(preprocess, shape[0] ?? 1, rows.name, logger) : undefined;
  const count = Math.min(rows.count, limit);
  return {
    shape,
    count,
    labelled: labels !== undefined,
    async *batches(size) {
      const reader = await rows.open();
      try {
        for (const [start, end] of spans(count, size)) {
          const values = numbersOf(await reader.read(start, end));
          check(values, rows.name);
          const inputs = arrange(values, shape, layout, affine);
          inRange?.(inputs);
          yield batchOf(shape, inputs, labels?.slice(start, end));
        }
      } finally {
        await reader.close();
      }
    },
  };
}

type Check = (values: ArrayLike<number>, name: string) => void;

function conversion(
  dtype: NpyDType,
  preprocess: Preprocess,
  channels: number,
): { readonly affine: ChannelAffine; readonly check: Check } {
  if (dtype === 'uint8' || dtype === 'int8') return { affine: affineOf(preprocess, channels, dtype), check: () => {} };
  if (dtype.startsWith('float')) return { affine: affineOf('none', channels, 'uint8'), check: finite };
  const check = isPixels(preprocess) ? pixels : () => {};
  return { affine: affineOf(preprocess, channels, 'uint8'), check };
}

const finite: Check = (values, name) => {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new DatafreeError('data-format', `${name} holds ${values[i]}, which is no input.`, { path: name });
    }
  }
};

const pixels: Check = (values, name) => {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value < 0 || value > 255) {
      throw new DatafreeError('data-format', `${name} holds ${value}, but pixels go from 0 to 255.`, {
        path: name,
        hint: 'Save network inputs as float32, or set the preprocessing to none.',
      });
    }
  }
};

/** Labels as an array of classes. @throws `labels-length` when there are not `count`, or one is no class */
export function labelsOf(array: Tensor<NpyDType>, count: number, name: string): Int32Array {
  const values = numbersOf(array);
  if (values.length !== count) {
    throw new DatafreeError('labels-length', `${name} holds ${values.length} labels for ${count} samples.`, {
      path: name,
      hint: 'Give one label a sample, in the order of the samples.',
    });
  }
  return Int32Array.from(values, (value, i) => {
    if (Number.isInteger(value) && value >= 0 && value < 2 ** 31) return value;
    throw new DatafreeError('labels-length', `${name}: label ${i} is ${value}, which is no class.`, {
      path: name,
      hint: 'Give labels as whole numbers that count from 0.',
    });
  });
}
