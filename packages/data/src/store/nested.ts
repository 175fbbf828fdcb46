import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { listFolder } from '../array/bytes.ts';
import { manifestName, progressName } from './manifest.ts';

/** Names of the sub-folders that are samples folders, finished or not. */
export async function nestedSamples(folder: string): Promise<readonly string[]> {
  const entries = await listFolder(folder);
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const found = await Promise.all(
    names.map((name) =>
      Promise.any([manifestName, progressName].map((file) => access(join(folder, name, file)))).then(
        () => [name],
        () => [],
      ),
    ),
  );
  return found.flat().sort();
}
