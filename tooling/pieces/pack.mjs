// Packs the public packages as they would be published.
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './run.mjs';

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * @typedef {object} Piece
 * @property {string} name
 * @property {string} folder in `packages/`
 * @property {string} tarball
 * @property {string[]} needs names of the other pieces that it depends on, directly or not
 */

/**
 * Packs every public package into `folder`, as `<its folder>.tgz`.
 *
 * @param {string} folder
 * @returns {Piece[]}
 */
export function pack(folder) {
  const packages = join(root, 'packages');
  const manifests = readdirSync(packages)
    .sort()
    .filter((name) => existsSync(join(packages, name, 'package.json')))
    .map((name) => ({ folder: name, ...JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8')) }))
    .filter((manifest) => !manifest.private);
  const direct = new Map(manifests.map((manifest) => [manifest.name, Object.keys(manifest.dependencies ?? {})]));
  return manifests.map((manifest) => {
    const cwd = join(packages, manifest.folder);
    run('pnpm', ['pack', '--pack-destination', folder], { cwd });
    const tarball = join(folder, `${manifest.folder}.tgz`);
    renameSync(join(folder, `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`), tarball);
    return { name: manifest.name, folder: manifest.folder, tarball, needs: closure(manifest.name, direct) };
  });
}

/** @type {(name: string, direct: Map<string, string[]>) => string[]} */
function closure(name, direct) {
  const found = new Set();
  const visit = (/** @type {string} */ from) => {
    for (const next of direct.get(from) ?? []) {
      if (!direct.has(next) || found.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  visit(name);
  return [...found];
}
