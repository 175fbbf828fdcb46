import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { unwritable } from './writeFileAtomic.ts';

/**
 * Makes a folder and those above it. Node's own recursive mkdir never returns where a parent exists but takes no
 * folders, as in /proc.
 *
 * @throws `output-unwritable`
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await makeWithParents(resolve(folder));
  } catch (cause) {
    throw unwritable(folder, cause);
  }
}

async function makeWithParents(folder: string): Promise<void> {
  const failure = await make(folder);
  if (failure?.code !== 'ENOENT' || dirname(folder) === folder) {
    if (failure !== undefined) throw failure;
    return;
  }
  await makeWithParents(dirname(folder));
  const again = await make(folder);
  if (again !== undefined) throw again;
}

/** What kept the folder from being made; one that is there already is as good. */
async function make(folder: string): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await mkdir(folder);
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    if (failure.code !== 'EEXIST' || !(await isFolder(folder))) return failure;
  }
  return undefined;
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path)).isDirectory();
}
