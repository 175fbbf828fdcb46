import { DatafreeError, type InputGrid } from '@datafree/plugin';

/** Name of the manifest in a finished samples folder. */
export const manifestName = 'manifest.json';
/** Name of the manifest while shards are still being written. */
export const progressName = 'manifest.partial.json';

/** How samples were made: what makes one set of samples another. */
export interface SampleOrigin {
  /** The synthesizer: "bns". */
  readonly method: string;
  /** Its options, as plain data. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly seed: number;
  /** SHA-256 of the model file, in hexadecimal. */
  readonly model: string;
  /** Versions of the packages that made them, by name. */
  readonly versions: Readonly<Record<string, string>>;
}

/** A file of a samples folder. */
export interface StoredFile {
  readonly file: string;
  /** SHA-256 of the file, in hexadecimal. */
  readonly sha256: string;
}

/** Consecutive samples in one `.npy` file. */
export interface Shard extends StoredFile {
  readonly count: number;
  /** uint8 and int8 lie on the manifest's grid; float32 are network inputs. */
  readonly dtype: 'uint8' | 'int8' | 'float32';
  /** Classes, int32, in a file of their own. */
  readonly labels?: StoredFile;
}

/** `manifest.json` of a samples folder. */
export interface SampleManifest extends SampleOrigin {
  readonly format: 'datafree-samples';
  readonly version: 1;
  /** Shape of one sample, without the batch axis. */
  readonly shape: readonly number[];
  readonly count: number;
  readonly labelled: boolean;
  /** How 8-bit values become network inputs; null when all shards are float32. */
  readonly grid: InputGrid | null;
  /** Samples in each shard but the last. */
  readonly shardSize: number;
  readonly shards: readonly Shard[];
}

/** The text of a manifest: the same for equal manifests. */
export function manifestText(manifest: SampleManifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/** Reads a manifest. @throws `data-format` when it is none, of another version, or damaged */
export function parseManifest(text: string, path: string): SampleManifest {
  const broken = (problem: string, cause?: unknown): DatafreeError =>
    new DatafreeError('data-format', `${path}: ${problem}.`, { path, cause });
  let value: Partial<SampleManifest> | null;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw broken('this is not JSON', cause);
  }
  if (value?.format !== 'datafree-samples') throw broken('this is not the manifest of a samples folder');
  if (value.version !== 1) throw broken(`manifest version ${value.version} is unknown`);
  const { shape, count, shardSize, shards, grid } = value;
  const wholes = [count, shardSize, ...(shape ?? [])];
  const sound =
    Array.isArray(shape) &&
    wholes.every((n) => Number.isSafeInteger(n) && (n as number) > 0) &&
    (grid === null || isGrid(grid)) &&
    Array.isArray(shards) &&
    shards.every(isShard);
  if (!sound) throw broken('it lacks a field, or one is of the wrong type');
  return value as SampleManifest;
}

function isShard(shard: Partial<Shard> | null): boolean {
  return (
    isStoredFile(shard) &&
    Number.isSafeInteger(shard?.count) &&
    ['uint8', 'int8', 'float32'].includes(shard?.dtype as string) &&
    (shard?.labels === undefined || isStoredFile(shard.labels))
  );
}

/** The name must be one that stays inside the folder. */
function isStoredFile(stored: Partial<StoredFile> | null): boolean {
  return typeof stored?.file === 'string' && /^[\w-][\w.-]*$/.test(stored.file) && typeof stored.sha256 === 'string';
}

function isGrid(grid: Partial<InputGrid> | undefined): boolean {
  const numbers = [...(grid?.scale ?? [Number.NaN]), ...(grid?.offset ?? [Number.NaN]), grid?.low, grid?.high];
  return numbers.every(Number.isFinite) && typeof grid?.whole === 'boolean';
}
