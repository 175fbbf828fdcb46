import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

/**
 * What tells one data set from another of the same name: SHA-256, in hexadecimal, of a file, or of the names and contents
 * of all files of a folder.
 *
 * @returns undefined for what is neither (a pipe), which can be read only once
 */
export async function dataDigest(path: string): Promise<string | undefined> {
  const found = await stat(path);
  if (!found.isFile() && !found.isDirectory()) return undefined;
  const hash = createHash('sha256');
  for (const file of found.isFile() ? [''] : await filesIn(path)) {
    hash.update(`${file}\0`);
    for await (const chunk of createReadStream(join(path, file))) hash.update(chunk);
  }
  return hash.digest('hex');
}

/** Paths of all files in a folder, seen from it, in the same order on every machine. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}
