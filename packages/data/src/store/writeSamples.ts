import { createHash } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { elementCount } from '@datafree/core';
import {
  type BatchForm,
  batchFault,
  DatafreeError,
  type InputGrid,
  notFiniteIn,
  type SampleBatch,
  type SampleSet,
} from '@datafree/plugin';
import { encodeNpy } from '../array/npy.ts';
import { storedType, toInput, toStored } from '../preprocess/grid.ts';
import { makeFolder } from './makeFolder.ts';
import {
  manifestName,
  manifestText,
  parseManifest,
  progressName,
  type SampleManifest,
  type SampleOrigin,
  type Shard,
  type StoredFile,
} from './manifest.ts';
import { isIntact, openSamples, type StoredSamples } from './openSamples.ts';
import { writeFileAtomic } from './writeFileAtomic.ts';

/** What is going to be written. */
export interface SampleDescription {
  /** Shape of one sample, without the batch axis. */
  readonly shape: readonly number[];
  /** How many samples there will be. */
  readonly count: number;
  readonly labelled: boolean;
  readonly origin: SampleOrigin;
  /** The network's input grid; samples that lie on an 8-bit one are stored as bytes. */
  readonly grid?: InputGrid | undefined;
  /** What to do with samples of another origin in the folder: `refuse` (when absent) or `replace` them. */
  readonly existing?: 'refuse' | 'replace' | undefined;
}

/** Writes a samples folder, shard by shard. */
export interface SampleWriter {
  /** Samples that an earlier, interrupted writing of the same description left whole: the first to write comes next. */
  readonly finished: number;
  /**
   * Takes the next samples. Whole shards are on the disk when it returns.
   *
   * @throws `data-shape` for samples of another type or shape, without their labels, or too many of them, `not-finite`,
   * with nothing of the batch written; `output-unwritable`
   */
  write(batch: SampleBatch): Promise<void>;
  /** Writes the last shard and the manifest, and opens the folder. @throws `data-shape` when samples are missing */
  close(): Promise<StoredSamples>;
}

/**
 * Starts, or goes on with, writing samples into a folder. Every file is written whole or not at all, and the manifest
 * last: a folder with a manifest is complete.
 *
 * @throws `output-exists` when the folder holds something that is not samples, `resume-mismatch` when it holds samples
 * of another origin, `output-unwritable`
 */
export async function sampleWriter(folder: string, description: SampleDescription): Promise<SampleWriter> {
  const header = headerOf(description);
  const shards = await prepare(folder, header, description.existing ?? 'refuse');
  const { shape, count, labelled, shardSize, grid } = header;
  const size = elementCount(shape);
  const finished = shards.reduce((sum, shard) => sum + shard.count, 0);
  const complete = await exists(join(folder, manifestName));
  let written = finished;
  let buffered = 0;
  const data = new Float32Array(complete ? 0 : Math.min(shardSize, count) * size);
  const labels = new Int32Array(data.length / size);

  const put = async (file: string, bytes: Uint8Array): Promise<StoredFile> => {
    await writeFileAtomic(join(folder, file), bytes);
    return { file, sha256: createHash('sha256').update(bytes).digest('hex') };
  };
  const flush = async (): Promise<void> => {
    const part = data.subarray(0, buffered * size);
    const number = String(shards.length).padStart(5, '0');
    const array = pack(part, shape, grid);
    const own = labelled
      ? await put(
          `labels-${number}.npy`,
          encodeNpy({ dtype: 'int32', dims: [buffered], data: labels.subarray(0, buffered) }),
        )
      : undefined;
    const file = await put(`samples-${number}.npy`, encodeNpy({ ...array, dims: [buffered, ...shape] }));
    const shard: Shard = { ...file, count: buffered, dtype: array.dtype };
    shards.push(own === undefined ? shard : { ...shard, labels: own });
    buffered = 0;
    await writeFileAtomic(join(folder, progressName), manifestText({ ...header, shards }));
  };

  return {
    finished,
    async write(batch) {
      checkForm(batch, header, folder);
      const [added = 0] = batch.data.dims;
      if (written + added > count) {
        throw new DatafreeError(
          'data-shape',
          `${added} samples do not go into the ${count - written} left of ${count} samples.`,
          { path: folder },
        );
      }
      checkFinite(batch, written);
      for (let taken = 0; taken < added; ) {
        const step = Math.min(added - taken, shardSize - buffered);
        data.set(batch.data.data.subarray(taken * size, (taken + step) * size), buffered * size);
        if (labelled) labels.set(batch.labels!.subarray(taken, taken + step), buffered);
        buffered += step;
        taken += step;
        written += step;
        if (buffered === shardSize) await flush();
      }
    },
    async close() {
      if (written !== count) {
        throw new DatafreeError('data-shape', `${count} samples were announced, ${written} were written.`, {
          path: folder,
        });
      }
      if (buffered > 0) await flush();
      if (!complete) await writeFileAtomic(join(folder, manifestName), manifestText({ ...header, shards }));
      await rm(join(folder, progressName), { force: true });
      return openSamples(folder);
    },
  };
}

/**
 * Writes a sample set into a folder and opens it from there. Use the returned set from then on: it has the same bytes
 * whether or not the writing was interrupted. Samples that are already in the folder are not written again.
 *
 * @throws what {@link sampleWriter} throws, and `not-finite` for a sample that holds NaN or infinity
 */
export async function writeSamples(
  folder: string,
  samples: SampleSet,
  description: Omit<SampleDescription, 'shape' | 'count' | 'labelled'>,
): Promise<StoredSamples> {
  const { shape, count, labelled } = samples;
  const writer = await sampleWriter(folder, { ...description, shape, count, labelled });
  let start = 0;
  if (writer.finished < count) {
    for await (const batch of samples.batches(shardSizeOf(shape))) {
      checkForm(batch, samples, folder);
      const length = batch.data.dims[0] as number;
      if (start + length > writer.finished) await writer.write(skip(batch, Math.max(0, writer.finished - start)));
      start += length;
    }
  }
  return writer.close();
}

const samplesPerShard = 256;
const bytesPerShard = 32 * 2 ** 20;

/** 256 samples, or what 32 MiB hold as 32-bit floats if that is less. */
function shardSizeOf(shape: readonly number[]): number {
  return Math.max(1, Math.min(samplesPerShard, Math.floor(bytesPerShard / (4 * elementCount(shape)))));
}

type Header = Omit<SampleManifest, 'shards'>;

function headerOf({ shape, count, labelled, origin, grid }: SampleDescription): Header {
  if (count < 1) throw new DatafreeError('data-empty', 'There are no samples to write.');
  const bytes = grid !== undefined && storedType(grid) !== undefined;
  const { method, options, seed, model, versions } = origin;
  const header: Header = {
    format: 'datafree-samples',
    version: 1,
    shape,
    count,
    labelled,
    grid: bytes ? grid : null,
    method,
    options,
    seed,
    model,
    versions,
    shardSize: shardSizeOf(shape),
  };
  // As it will be read back, so that both can be compared.
  return JSON.parse(JSON.stringify(header));
}

/** Makes the folder ready and returns the shards in it that can be kept. */
async function prepare(folder: string, header: Header, existing: 'refuse' | 'replace'): Promise<Shard[]> {
  await makeFolder(folder);
  const names = await readdir(folder);
  const known = names.find((name) => name === manifestName) ?? names.find((name) => name === progressName);
  if (known === undefined) {
    const foreign = names.find((name) => !name.startsWith('.') && !isOurs(name));
    if (foreign === undefined) {
      await writeFileAtomic(join(folder, progressName), manifestText({ ...header, shards: [] }));
      return [];
    }
    throw new DatafreeError('output-exists', `${folder} holds "${foreign}" and is no samples folder.`, {
      path: folder,
      hint: 'Choose a new or empty folder.',
    });
  }
  const path = join(folder, known);
  const { shards, ...found } = parseManifest(await readFile(path, 'utf8'), path);
  if (JSON.stringify(found) !== JSON.stringify(header)) {
    if (existing === 'refuse') {
      const differing = (Object.keys(header) as (keyof Header)[]).filter(
        (key) => JSON.stringify(found[key]) !== JSON.stringify(header[key]),
      );
      throw new DatafreeError('resume-mismatch', `${folder} holds samples that differ in ${differing.join(', ')}.`, {
        path: folder,
        hint: 'Choose a new folder, or have the samples in it replaced.',
      });
    }
    return restart(folder, names, header);
  }
  const kept: Shard[] = [];
  for (const shard of shards) {
    const files = shard.labels === undefined ? [shard] : [shard, shard.labels];
    if (!(await Promise.all(files.map((file) => isIntact(folder, file)))).every(Boolean)) break;
    kept.push(shard);
  }
  if (known === manifestName && kept.length < shards.length) await rm(path);
  return kept;
}

async function restart(folder: string, names: readonly string[], header: Header): Promise<Shard[]> {
  // The manifests go first: without one, nothing takes the folder for samples.
  for (const name of [manifestName, progressName, ...names.filter(isOurs)])
    await rm(join(folder, name), { force: true });
  await writeFileAtomic(join(folder, progressName), manifestText({ ...header, shards: [] }));
  return [];
}

function isOurs(name: string): boolean {
  return /^(samples|labels)-\d{5,}\.npy$/.test(name);
}

/** Samples as they are stored: 8-bit where all lie on the grid, to within a thousandth of a step. */
function pack(
  data: Float32Array,
  shape: readonly number[],
  grid: InputGrid | null,
):
  | { dtype: 'uint8'; data: Uint8Array }
  | { dtype: 'int8'; data: Int8Array }
  | { dtype: 'float32'; data: Float32Array } {
  const dtype = grid === null ? undefined : storedType(grid);
  if (grid === null || dtype === undefined) return { dtype: 'float32', data };
  const stored = toStored(grid, data, shape);
  const plane = elementCount(shape.slice(1));
  const back = toInput(grid, stored, shape);
  for (let i = 0; i < data.length; i++) {
    const channel = Math.floor(i / plane) % (shape[0] ?? 1);
    const step = grid.scale[grid.scale.length === 1 ? 0 : channel] as number;
    if (Math.abs((data[i] as number) - (back[i] as number)) > step / 1000) return { dtype: 'float32', data };
  }
  return dtype === 'uint8' ? { dtype, data: Uint8Array.from(stored) } : { dtype, data: Int8Array.from(stored) };
}

/** @throws `data-shape` */
function checkForm(batch: SampleBatch, form: BatchForm, path: string): void {
  const fault = batchFault(batch, form);
  if (fault === undefined) return;
  throw new DatafreeError('data-shape', `The samples cannot be written: they come with ${fault}.`, {
    path,
    hint: 'Check how the samples were made.',
  });
}

/** @param first number of the batch's first sample */
function checkFinite({ data }: SampleBatch, first: number): void {
  const found = notFiniteIn(data);
  if (found === undefined) return;
  throw new DatafreeError('not-finite', `Sample ${first + found.sample} (counted from 0) holds ${found.value}.`, {
    hint: 'Check how the samples were made: no network takes NaN or infinity.',
  });
}

function skip(batch: SampleBatch, count: number): SampleBatch {
  if (count === 0) return batch;
  const [length = 0, ...shape] = batch.data.dims;
  const data = {
    dtype: 'float32',
    dims: [length - count, ...shape],
    data: batch.data.data.subarray(count * elementCount(shape)),
  } as const;
  return batch.labels === undefined ? { data } : { data, labels: batch.labels.subarray(count) };
}

async function exists(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  );
}
