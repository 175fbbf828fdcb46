import { createHash, randomBytes } from 'node:crypto';
import {
  access,
  constants,
  type FileHandle,
  open,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DatafreeError } from '@datafree/plugin';
import { isRunning } from './isRunning.ts';

/**
 * Writes a file so that at any moment, also after a crash or with a full disk, either its old content is there or the
 * whole new one: into a temporary file of the same folder, flushed to the disk, then renamed. The temporary file is
 * removed on failure; what a killed process left of one is removed by the next write of the same file.
 *
 * A device or pipe (`/dev/stdout`) is written straight into. A symbolic link stays one.
 *
 * @throws `output-unwritable` with the cause (EACCES, ENOENT, ENOSPC, EISDIR, …)
 */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  try {
    const target = await realpath(path).catch(() => path);
    const found = await stat(target).catch(() => undefined);
    if (found?.isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
    if (found !== undefined) await access(target, constants.W_OK);
    if (found !== undefined && !found.isFile()) await writeFile(target, content);
    else await replace(target, content);
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** The error for a failed write. */
export function unwritable(path: string, cause: unknown): DatafreeError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const [problem, hint] = reasons[code ?? ''] ?? [message, undefined];
  return new DatafreeError('output-unwritable', `${path} cannot be written: ${problem}.`, { path, hint, cause });
}

const reasons: Readonly<Record<string, readonly [problem: string, hint: string]>> = {
  EACCES: ['there is no permission', 'Choose another place, or change the permissions.'],
  EPERM: ['there is no permission', 'Choose another place, or change the permissions.'],
  EROFS: ['the disk is read-only', 'Choose another place.'],
  ENOENT: ['its folder does not exist', 'Make the folder first.'],
  ENOTDIR: ['a part of its path is not a folder', 'Choose another place.'],
  EISDIR: ['it is a folder', 'Give the name of a file.'],
  ENOSPC: ['the disk is full', 'Free some space, or choose another place.'],
  EDQUOT: ['the disk quota is used up', 'Free some space, or choose another place.'],
};

async function replace(target: string, content: Uint8Array | string): Promise<void> {
  const folder = dirname(target);
  const stem = temporaryStem(basename(target));
  await removeAbandoned(folder, stem);
  const temporary = join(folder, `${stem}${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
  const file = await open(temporary, 'wx');
  try {
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

function temporaryStem(name: string): string {
  return `.datafree-${createHash('sha256').update(name).digest('hex').slice(0, 12)}-`;
}

async function removeAbandoned(folder: string, stem: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const writer = name.startsWith(stem) ? /^(\d+)-[0-9a-f]+\.tmp$/.exec(name.slice(stem.length))?.[1] : undefined;
    if (writer !== undefined && !isRunning(Number(writer))) await rm(join(folder, name), { force: true });
  }
}

/** Makes the rename outlive a power cut, on systems that can flush a folder. */
async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch {
    // Some file systems cannot; the file itself is already whole.
  } finally {
    await handle?.close();
  }
}
