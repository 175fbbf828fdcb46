import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint } from '@datafree/plugin';
import { makeFolder } from './makeFolder.ts';
import { writeFileAtomic } from './writeFileAtomic.ts';

/**
 * A checkpoint that keeps each entry in a file of a folder, made when first written. Each file starts with the
 * SHA-256 of what follows: an entry that is half-written, cut or changed counts as not there.
 *
 * @throws `output-unwritable` from `write`
 */
export function fileCheckpoint(folder: string): Checkpoint {
  const pathOf = (key: string): string => join(folder, `${fileName(key)}.checkpoint`);
  return {
    async read(key) {
      const bytes = await readFile(pathOf(key)).catch(() => undefined);
      if (bytes === undefined || bytes.length < digestBytes) return undefined;
      const value = Uint8Array.from(bytes.subarray(digestBytes));
      return bytes.subarray(0, digestBytes).equals(digestOf(value)) ? value : undefined;
    },
    async write(key, value) {
      await makeFolder(folder);
      await writeFileAtomic(pathOf(key), Buffer.concat([digestOf(value), value]));
    },
  };
}

const digestBytes = 32;

function digestOf(value: Uint8Array): Buffer {
  return createHash('sha256').update(value).digest();
}

/** Plain keys stay readable; others, and those that a file system may not tell apart, are hashed. */
function fileName(key: string): string {
  return /^[a-z0-9][a-z0-9_-]{0,63}$/.test(key) ? key : `-${createHash('sha256').update(key).digest('hex')}`;
}
