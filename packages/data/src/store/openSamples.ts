import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { elementCount, float32Of, numbersOf } from '@datafree/core';
import { DatafreeError, type SampleSet, type Tensor } from '@datafree/plugin';
import { readData } from '../array/bytes.ts';
import { decodeNpy, type NpyDType } from '../array/npy.ts';
import { batchOf, spans } from '../memory.ts';
import { toInput } from '../preprocess/grid.ts';
import { manifestName, parseManifest, type SampleManifest, type Shard, type StoredFile } from './manifest.ts';

/** A samples folder, opened. */
export interface StoredSamples extends SampleSet {
  readonly manifest: SampleManifest;
  /** Checks every file against its hash. @throws `data-format` naming the first that differs */
  verify(): Promise<void>;
}

/**
 * Opens a folder that {@link writeSamples} has written. One shard at a time is held in memory.
 *
 * @param options.limit at most so many samples, from the first
 * @param options.labels one for each sample of the manifest; the folder's own when absent
 * @throws `data-not-found`, `data-format`; while reading, `data-not-found` and `data-format` for a missing or damaged shard
 */
export async function openSamples(
  folder: string,
  {
    limit = Number.POSITIVE_INFINITY,
    labels,
  }: { readonly limit?: number | undefined; readonly labels?: Int32Array | undefined } = {},
): Promise<StoredSamples> {
  const path = join(folder, manifestName);
  const manifest = parseManifest(new TextDecoder().decode(await readData(path)), path);
  const { shape, shards } = manifest;
  const stored = shards.reduce((sum, shard) => sum + shard.count, 0);
  if (stored !== manifest.count) {
    throw new DatafreeError('data-format', `${path} announces ${manifest.count} samples, but lists ${stored}.`, {
      path,
    });
  }
  const count = Math.min(limit, manifest.count);
  const size = elementCount(shape);
  const labelled = labels !== undefined || manifest.labelled;
  return {
    shape,
    count,
    labelled,
    manifest,
    async *batches(batchSize) {
      const shelf = shardReader(folder, manifest);
      for (const [start, end] of spans(count, batchSize)) {
        const data = new Float32Array((end - start) * size);
        const classes = labelled ? new Int32Array(end - start) : undefined;
        for (let filled = start; filled < end; ) {
          const shard = await shelf(filled);
          const from = filled - shard.start;
          const to = Math.min(end - shard.start, shard.count);
          data.set(shard.data.subarray(from * size, to * size), (filled - start) * size);
          const known = labels?.subarray(filled, filled + to - from) ?? shard.labels?.subarray(from, to);
          if (known !== undefined) classes?.set(known, filled - start);
          filled += to - from;
        }
        yield batchOf(shape, data, classes);
      }
    },
    async verify() {
      for (const { labels: own, ...shard } of shards) {
        for (const file of own === undefined ? [shard] : [shard, own]) {
          if (await isIntact(folder, file)) continue;
          const damaged = join(folder, file.file);
          throw new DatafreeError('data-format', `${damaged} is missing or was changed since it was written.`, {
            path: damaged,
            hint: 'Make the samples again.',
          });
        }
      }
    },
  };
}

/** True when the file is there with the content that it was written with. */
export async function isIntact(folder: string, { file, sha256 }: StoredFile): Promise<boolean> {
  const bytes = await readFile(join(folder, file)).catch(() => undefined);
  return bytes !== undefined && createHash('sha256').update(bytes).digest('hex') === sha256;
}

interface LoadedShard {
  readonly start: number;
  readonly count: number;
  readonly data: Float32Array;
  readonly labels: Int32Array | undefined;
}

/** Finds the shard that holds a sample, and keeps the last one. */
function shardReader(folder: string, manifest: SampleManifest): (sample: number) => Promise<LoadedShard> {
  let loaded: LoadedShard | undefined;
  return async (sample) => {
    if (loaded !== undefined && sample >= loaded.start && sample < loaded.start + loaded.count) return loaded;
    let start = 0;
    const shard = manifest.shards.find(({ count }) => {
      if (sample < start + count) return true;
      start += count;
      return false;
    }) as Shard;
    loaded = { start, count: shard.count, ...(await load(folder, shard, manifest)) };
    return loaded;
  };
}

async function load(folder: string, shard: Shard, { shape, grid }: SampleManifest) {
  const read = async (file: string, dims: readonly number[], dtype: NpyDType): Promise<Tensor<NpyDType>> => {
    const path = join(folder, file);
    const array = decodeNpy(await readData(path), path);
    if (array.dtype === dtype && String(array.dims) === String(dims)) return array;
    throw new DatafreeError(
      'data-format',
      `${path} is ${array.dtype}[${array.dims}], but the manifest says ${dtype}[${dims}].`,
      {
        path,
      },
    );
  };
  const array = await read(shard.file, [shard.count, ...shape], shard.dtype);
  const data = shard.dtype === 'float32' || grid === null ? float32Of(array) : toInput(grid, numbersOf(array), shape);
  const labels = shard.labels && ((await read(shard.labels.file, [shard.count], 'int32')).data as Int32Array);
  return { data, labels };
}
