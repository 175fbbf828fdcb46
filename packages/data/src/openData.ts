import { join } from 'node:path';
import { checkNames, DatafreeError, kindOf, type Logger, type SampleSet } from '@datafree/plugin';
import { openFile as openForParts, readData, statData, uncompressedName } from './array/bytes.ts';
import { shapeError, splitBatch } from './array/layout.ts';
import { decodeNpy, npyHeaderBound, readNpyHeader } from './array/npy.ts';
import { decodeNpz } from './array/npz.ts';
import { openRaw, readLabels } from './array/raw.ts';
import { fileRows, memoryRows, type Rows } from './array/rows.ts';
import { labelsOf, rowSamples } from './array/samples.ts';
import type { Resize } from './images/decode.ts';
import { imageSamples, listImages } from './images/images.ts';
import type { Preprocess } from './preprocess/preprocess.ts';
import { manifestName, progressName } from './store/manifest.ts';
import { nestedSamples } from './store/nested.ts';
import { openSamples } from './store/openSamples.ts';

/** How data is to be read. */
export interface DataOptions {
  /** Shape of one sample of the network, without the batch axis: [C, H, W]. */
  readonly shape: readonly number[];
  /** How 8-bit values become the network's input; as they are when absent. */
  readonly preprocess?: Preprocess | undefined;
  /** Raw bytes: shape of one sample in the file, usually H, W, C; the network's shape with channels last when absent. */
  readonly rawShape?: readonly number[] | undefined;
  /** A file of labels: `.u8`, `.u16` (little-endian) or `.npy`. It goes before labels that the data itself has. */
  readonly labels?: string | undefined;
  /** Number of classes: a label must be below it. */
  readonly classes?: number | undefined;
  /** At most so many samples: the first ones, or for a folder of images ones spread evenly over it. */
  readonly limit?: number | undefined;
  /** Images of another size: scaled and cropped (`crop`, when absent) or refused. */
  readonly resize?: Resize | undefined;
  /** Is warned of floats that a preprocessing is given for, and of floats far outside the network's range. */
  readonly logger?: Logger | undefined;
}

const known = ['shape', 'preprocess', 'rawShape', 'labels', 'classes', 'limit', 'resize', 'logger'];

/**
 * Opens a data set: an `.npy` or `.npz` file, raw bytes (`.u8`, `.i8`, each with `.gz` too), a folder of images, or a
 * folder written by `writeSamples`. Size and labels are checked now; samples are read when batches are asked for.
 *
 * @throws `data-not-found`, `file-unreadable`, `data-format`, `data-shape`, `data-empty`, `labels-length`,
 * `option-invalid`
 */
export async function openData(path: string, options: DataOptions): Promise<SampleSet> {
  checkNames('openData', options, known);
  const { shape, limit } = options;
  if (!Array.isArray(shape) || !shape.every((size) => Number.isInteger(size) && size > 0)) {
    throw new DatafreeError(
      'option-invalid',
      `openData: shape: ${Array.isArray(shape) ? `[${shape}]` : kindOf(shape)} was given where the shape of one sample is needed.`,
      { path: 'shape', hint: 'Give [3, 224, 224], or `model.input.shape.slice(1)` of a model.' },
    );
  }
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 0)) {
    throw new DatafreeError('option-invalid', `A limit of ${limit} samples is not a whole number from 1.`, {
      path: 'limit',
    });
  }
  const { folder } = await statData(path);
  if (!folder) return openFile(path, options);
  if (await exists(join(path, manifestName))) return openStored(path, options);
  if (await exists(join(path, progressName))) {
    throw new DatafreeError('data-format', `${path} is a samples folder that was not finished.`, {
      path,
      hint: 'Run the command that writes it again: it goes on where it stopped.',
    });
  }
  const [nested, ...others] = await nestedSamples(path);
  if (nested !== undefined) {
    const beside = others.length === 0 ? '' : `, and ${others.length} more`;
    throw new DatafreeError(
      'data-format',
      `${path} is no data set, but a folder of samples folders: ${nested}${beside}.`,
      {
        path,
        hint: `Give one of them: ${join(path, nested)}.`,
      },
    );
  }
  return openImages(path, options);
}

async function openFile(path: string, options: DataOptions): Promise<SampleSet> {
  const { shape, preprocess = 'none', limit, logger } = options;
  const name = uncompressedName(path);
  const { rows, labels } = name.endsWith('.npz')
    ? await openNpz(path, shape)
    : { rows: await openRows(path, name, options), labels: undefined };
  const classes = await labelsFor(path, rows.count, options, labels);
  return rowSamples(rows, { shape, preprocess, limit, labels: classes, logger });
}

function openRows(path: string, name: string, { shape, rawShape }: DataOptions): Promise<Rows> {
  if (name.endsWith('.npy')) return openNpy(path, shape);
  if (/\.[ui]8$/.test(name)) return openRaw(path, rawShape ?? [...shape.slice(1), ...shape.slice(0, 1)]);
  throw new DatafreeError('data-format', `${path}: the format cannot be told from the name.`, {
    path,
    hint: 'Give an .npy or .npz file, raw bytes as .u8 or .i8 (.gz too), or a folder of images or samples.',
  });
}

async function openNpy(path: string, shape: readonly number[]): Promise<Rows> {
  if (path.toLowerCase().endsWith('.gz')) return arrayRows(path, decodeNpy(await readData(path), path), shape);
  const file = await openForParts(path);
  try {
    const start = new Uint8Array(npyHeaderBound);
    const { bytesRead } = await file.read(start, 0, start.length, 0);
    const header = readNpyHeader(start.subarray(0, bytesRead), path);
    if (header.fortran) return arrayRows(path, decodeNpy(await readData(path), path), shape);
    const { count, stored } = splitBatch(header.dims, shape, header.dtype);
    return fileRows(path, { ...header, count, stored });
  } finally {
    await file.close();
  }
}

async function openNpz(path: string, shape: readonly number[]) {
  const { samples, labels } = decodeNpz(await readData(path), path);
  return { rows: arrayRows(path, samples, shape), labels };
}

function arrayRows(path: string, array: ReturnType<typeof decodeNpy>, shape: readonly number[]): Rows {
  const { count, stored } = splitBatch(array.dims, shape, array.dtype);
  return memoryRows(path, { ...array, dims: [count, ...stored] }, stored);
}

async function labelsFor(
  path: string,
  count: number,
  options: DataOptions,
  own?: ReturnType<typeof decodeNpy>,
): Promise<Int32Array | undefined> {
  const array = options.labels === undefined ? own : await readLabels(options.labels, count);
  if (array === undefined) return undefined;
  const name = options.labels ?? `${path}[labels]`;
  const labels = labelsOf(array, count, name);
  const { classes } = options;
  const wrong = classes === undefined ? -1 : labels.findIndex((label) => label >= classes);
  if (wrong < 0) return labels;
  throw new DatafreeError(
    'labels-length',
    `${name}: label ${wrong} is ${labels[wrong]}, but there are ${classes} classes.`,
    {
      path: name,
      hint: 'Give labels that count from 0, of the classes of this network.',
    },
  );
}

async function openImages(path: string, options: DataOptions): Promise<SampleSet> {
  const { shape, preprocess = 'none', limit, resize = 'crop' } = options;
  const files = await listImages(path);
  const labels = await labelsFor(path, files.length, options);
  const labelled = labels === undefined ? files : files.map((file, i) => ({ ...file, label: labels[i] as number }));
  const count = Math.min(files.length, limit ?? files.length);
  const chosen = Array.from({ length: count }, (_, i) => labelled[Math.floor((i * files.length) / count)]!);
  return imageSamples(chosen, { shape, preprocess, resize });
}

async function openStored(path: string, options: DataOptions): Promise<SampleSet> {
  const { manifest } = await openSamples(path);
  if (String(manifest.shape) !== String(options.shape)) throw shapeError(manifest.shape, options.shape, path);
  const labels = await labelsFor(path, manifest.count, options);
  return openSamples(path, { limit: options.limit, labels });
}

async function exists(path: string): Promise<boolean> {
  return statData(path).then(
    () => true,
    () => false,
  );
}
