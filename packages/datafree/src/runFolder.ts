import { access, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileCheckpoint, openSamples, writeSamples } from '@datafree/data';
import type { RunStore } from '@datafree/orchestrator';
import { DatafreeError, isDatafreeError } from '@datafree/plugin';
import { dataDigest } from './dataDigest.ts';
import { isDevice } from './outputs.ts';
import { version } from './version.ts';

/** A run store in a folder. */
export interface RunFolder extends RunStore {
  readonly path: string;
  /** True when an earlier run left something to go on with. */
  begun(): Promise<boolean>;
  /** Deletes the folder. */
  remove(): Promise<void>;
}

/**
 * The run folder beside an output file, `OUTPUT.run`.
 *
 * @param data the user's, which the run does not go on with when its content is another one
 * @returns undefined for a pipe or a device, beside which nothing can be kept
 * @throws what {@link runFolder} throws
 */
export async function runBeside(
  output: string,
  data: string | undefined,
  facts: Readonly<Record<string, unknown>>,
): Promise<RunFolder | undefined> {
  if (await isDevice(output)) return undefined;
  const folder = `${output}.run`;
  return runFolder(folder, { data: data === undefined ? undefined : await dataDigest(data, folder), ...facts });
}

/**
 * Keeps a run in a folder: checkpoints of the stages, and the finished samples in `samples/`. The folder is made when
 * the first thing is kept; every file in it is written whole or not at all.
 *
 * @param facts what makes this run another one besides the network and the plugins
 * @throws `output-exists` when there is a folder of that name that holds something else; while keeping,
 * `output-unwritable`
 */
export async function runFolder(path: string, facts: Readonly<Record<string, unknown>> = {}): Promise<RunFolder> {
  const entries = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw occupied(path, 'is not a folder', error);
  });
  const foreign = foreignIn(entries);
  if (foreign !== undefined) throw occupied(path, `holds "${foreign}"`);
  const samples = join(path, samplesName);
  return {
    path,
    facts: { versions: { datafree: version }, ...facts },
    checkpoint: fileCheckpoint(path),
    begun: () =>
      access(path).then(
        () => true,
        () => false,
      ),
    readSamples: () => openSamples(samples).catch(absent),
    keepSamples: (made, { model, synthesizer: { name, options }, seed }) =>
      writeSamples(samples, made, {
        origin: { method: name, options, seed, model: model.hash, versions: { datafree: version } },
        grid: model.grid,
        existing: 'replace',
      }),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** A name in a run folder that no run writes. */
export function foreignIn(names: readonly string[]): string | undefined {
  return names.find((name) => !(name === samplesName || name.endsWith('.checkpoint') || name.startsWith('.datafree-')));
}

const samplesName = 'samples';

/** Samples that were not kept, or not completely, are made again. */
function absent(error: unknown): undefined {
  if (isDatafreeError(error) && error.code === 'data-not-found') return undefined;
  throw error;
}

function occupied(path: string, problem: string, cause?: unknown): DatafreeError {
  return new DatafreeError('output-exists', `${path} ${problem} and is no unfinished run.`, {
    path,
    hint: 'Move it away, or choose another name for the output.',
    cause,
  });
}
