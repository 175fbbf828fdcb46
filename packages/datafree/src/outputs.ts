import { constants } from 'node:fs';
import { access, mkdtemp, readdir, realpath, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { openSamples, type SampleOrigin } from '@datafree/data';
import { DatafreeError } from '@datafree/plugin';

/**
 * Checks before the long work that a file can be written at its end, and a run folder beside it meanwhile.
 *
 * @param inputs files that must not be overwritten, undefined for those that are not given
 * @param output another file that is written
 * @throws `output-unwritable`, `option-invalid` when it is one of the inputs or the other output
 */
export async function checkOutputFile(
  path: string,
  inputs: readonly (string | undefined)[],
  output?: string,
): Promise<void> {
  const target = await canonical(path);
  if ((await Promise.all(inputs.filter((input) => input !== undefined).map(canonical))).includes(target)) {
    throw new DatafreeError('option-invalid', `${path} is the input; it would be overwritten.`, {
      path,
      hint: 'Give another name for the output.',
    });
  }
  if (output !== undefined && (await canonical(output)) === target && !(await isDevice(path))) {
    throw new DatafreeError('option-invalid', `${path} is the output already; the report needs a file of its own.`, {
      path,
      hint: 'Give another name for the report.',
    });
  }
  if (path.endsWith('/') || path.endsWith(sep)) {
    throw unwritable(path, 'it is the name of a folder', 'Give the name of a file.');
  }
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw unwritable(path, 'it is a folder', 'Give the name of a file.');
  if (found !== undefined) await checkAccess(path, path);
  if (found === undefined || found.isFile()) await checkParent(path);
}

/** True for a pipe or a device (`/dev/stdout`), beside which nothing can be kept. */
export async function isDevice(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

/** Files of a samples folder that tell that it is one. */
const manifests = ['manifest.json', 'manifest.partial.json'];

/**
 * Checks before the long work that samples can be written into a folder: a new or empty one, one of unfinished
 * samples, or one of the same samples; and a run folder beside it meanwhile.
 *
 * @param replace whether other samples may be replaced
 * @throws `output-unwritable`, `output-exists` when it holds something else, `resume-mismatch` when it holds other
 * samples
 */
export async function checkSamplesFolder(
  path: string,
  wanted: SampleOrigin & { readonly count: number },
  replace: boolean,
): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return checkParent(path);
  if (!found.isDirectory()) throw unwritable(path, 'it is a file', 'Give the name of a folder.');
  await checkAccess(path, path);
  await checkParent(path);
  const names = await readdir(path);
  if (!names.some((name) => manifests.includes(name))) {
    const foreign = names.find((name) => !name.startsWith('.'));
    if (foreign === undefined) return;
    throw new DatafreeError('output-exists', `${path} holds "${foreign}" and is no samples folder.`, {
      path,
      hint: 'Choose a new or empty folder.',
    });
  }
  if (replace || !names.includes('manifest.json')) return;
  const { manifest } = await openSamples(path);
  const keys = ['method', 'options', 'seed', 'model', 'versions', 'count'] as const;
  const differing = keys.filter((key) => JSON.stringify(manifest[key]) !== JSON.stringify(wanted[key]));
  if (differing.length === 0) return;
  throw new DatafreeError('resume-mismatch', `${path} holds samples that differ in: ${differing.join(', ')}.`, {
    path,
    hint: 'Choose another folder, or replace them with --restart.',
  });
}

/** The path behind symbolic links. */
function canonical(path: string): Promise<string> {
  return realpath(path).catch(() => resolve(path));
}

async function checkParent(path: string): Promise<void> {
  const folder = dirname(resolve(path));
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined)
    throw unwritable(path, 'its folder does not exist', `Make the folder ${dirname(path)} first.`);
  if (!found.isDirectory()) throw unwritable(path, `${dirname(path)} is not a folder`, 'Choose another place.');
  await checkAccess(folder, path);
  await checkPlace(folder, path);
}

/** Where permissions are not all there is to it (`/proc`, a full disk), only trying tells. */
async function checkPlace(folder: string, path: string): Promise<void> {
  try {
    await rmdir(await mkdtemp(join(folder, '.datafree-')));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw unwritable(path, `no folder can be made beside it (${code})`, 'Choose another place.', cause);
  }
}

async function checkAccess(checked: string, path: string): Promise<void> {
  try {
    await access(checked, constants.W_OK);
  } catch (cause) {
    throw unwritable(path, 'there is no permission', 'Choose another place, or change the permissions.', cause);
  }
}

function unwritable(path: string, problem: string, hint: string, cause?: unknown): DatafreeError {
  return new DatafreeError('output-unwritable', `${path} cannot be written: ${problem}.`, { path, hint, cause });
}
