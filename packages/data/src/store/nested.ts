import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { manifestName, progressName } from './manifest.ts';

/** Names of the sub-folders that are samples folders, finished or not. */
export async function nestedSamples(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
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
