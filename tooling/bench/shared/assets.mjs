// The trained networks and labelled data that are measured on; they are not part of the repository.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadModel } from '@datafree/onnx';

export const assets =
  process.env.DATAFREE_ASSETS ?? fileURLToPath(new URL('../../../../shared/assets', import.meta.url));

if (!existsSync(join(assets, 'manifest.json'))) {
  console.error(`No assets at ${assets}. Set DATAFREE_ASSETS to the folder that holds manifest.json.`);
  process.exit(1);
}

/** Reads a network. @param {string} name without folder and ending @param {object} [options] of `loadModel` */
export function network(name, options) {
  return loadModel(readFileSync(join(assets, 'models', `${name}.onnx`)), options);
}
