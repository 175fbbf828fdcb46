import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unreadable } from '@datafree/data';
import type { ExternalDataSource } from '@datafree/onnx';
import { DatafreeError, kindOf } from '@datafree/plugin';

/** The content of a model file. */
export interface ModelFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** SHA-256 of the file, in hexadecimal. */
  readonly hash: string;
  /** Finds weights that lie in files beside it. */
  readonly externalData: ExternalDataSource;
  /** Bytes of the file and of the side files that were asked for so far. */
  size(): number;
}

/** Bytes that can be read at once, which is also what ONNX can hold in one file. */
const largest = 2 ** 31 - 1;

/**
 * Reads a model file.
 *
 * @throws `option-invalid` for something else than a path, or an empty one, `model-not-found`, `file-unreadable`, `model-too-large`
 */
export async function readModelFile(path: string): Promise<ModelFile> {
  if (typeof path !== 'string' || path === '') {
    throw new DatafreeError(
      'option-invalid',
      `path: ${kindOf(path)} was given where the path of a model file is needed.`,
      {
        path: 'path',
        hint: 'Give the path as text. For the bytes of a file there is loadModel(bytes), for a graph prepareModel(graph).',
      },
    );
  }
  const bytes = await readWhole(path);
  const side = new Map<string, number>();
  return {
    path,
    bytes,
    hash: createHash('sha256').update(bytes).digest('hex'),
    externalData: (location) => {
      const found = readSide(join(dirname(path), location));
      if (found !== undefined) side.set(location, found.length);
      return found;
    },
    size: () => [...side.values()].reduce((sum, length) => sum + length, bytes.length),
  };
}

async function readWhole(path: string): Promise<Uint8Array> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    if (found.size > largest) throw tooLarge(path, found.size);
    return await readFile(path);
  } catch (error) {
    if (error instanceof DatafreeError) throw error;
    const problem = problems[(error as NodeJS.ErrnoException).code ?? ''];
    if (problem === undefined) throw unreadable(path, error);
    throw new DatafreeError('model-not-found', `${path} ${problem}.`, {
      path,
      hint: 'Give the path of a .onnx file.',
      cause: error,
    });
  }
}

const problems: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a folder, not a model file',
};

function readSide(path: string): Uint8Array | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile()) return undefined;
  if (found.size > largest) throw tooLarge(path, found.size);
  try {
    return readFileSync(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function tooLarge(path: string, size: number): DatafreeError {
  return new DatafreeError('model-too-large', `${path} has ${(size / 1e9).toFixed(2)} GB, over the limit of 2 GB.`, {
    path,
    hint: 'Take a smaller variant of the network.',
  });
}
