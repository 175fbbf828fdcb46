import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';

/**
 * What tells one data set from another of the same name: SHA-256, in hexadecimal, of a file, or of the names and contents
 * of all files of a folder.
 *
 * @param run the folder that the work is kept in, which may lie among the data and does not count
 * @returns undefined for what is neither (a pipe), which can be read only once
 */
export async function dataDigest(path: string, run: string): Promise<string | undefined> {
  const found = await stat(path);
  if (!found.isFile() && !found.isDirectory()) return undefined;
  const hash = createHash('sha256');
  for (const file of found.isFile() ? [''] : await filesIn(path, run)) {
    hash.update(`${file}\0`);
    for await (const chunk of createReadStream(join(path, file))) hash.update(chunk);
  }
  return hash.digest('hex');
}

/** Paths of all files in a folder, seen from it, in the same order on every machine. */
async function filesIn(folder: string, run: string): Promise<string[]> {
  const kept = resolve(run) + sep;
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !resolve(path).startsWith(kept));
  const files = await Promise.all(
    paths.map(async (path) => ((await stat(path)).isFile() ? [relative(folder, path)] : [])),
  );
  return files.flat().sort();
}
