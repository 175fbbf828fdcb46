import type { Dirent } from 'node:fs';
import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { DatafreeError } from '@datafree/plugin';
import { unreadable } from '../unreadable.ts';

const inflate = promisify(gunzip);

/** Name of a file without `.gz`, in lower case: what its format is told from. */
export function uncompressedName(path: string): string {
  return path.toLowerCase().replace(/\.gz$/, '');
}

/**
 * Reads a file, inflated when its name ends in `.gz`.
 *
 * @throws `data-not-found`, `file-unreadable`, `data-format` when it cannot be inflated
 */
export async function readData(path: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw notFound(path, cause);
  }
  if (!path.toLowerCase().endsWith('.gz')) return bytes;
  try {
    return await inflate(bytes);
  } catch (cause) {
    throw new DatafreeError('data-format', `${path}: this is not a gzip file, or it is cut off.`, { path, cause });
  }
}

/** Size and kind of a path. @throws `data-not-found`, `file-unreadable` */
export async function statData(path: string): Promise<{ readonly size: number; readonly folder: boolean }> {
  try {
    const found = await stat(path);
    return { size: found.size, folder: found.isDirectory() };
  } catch (cause) {
    throw notFound(path, cause);
  }
}

/** Opens a file to read parts of it. @throws `data-not-found`, `file-unreadable` */
export function openFile(path: string): Promise<FileHandle> {
  return open(path).catch((cause) => {
    throw notFound(path, cause);
  });
}

/** What a folder holds. @throws `data-not-found`, `file-unreadable` */
export function listFolder(path: string): Promise<Dirent[]> {
  return readdir(path, { withFileTypes: true }).catch((cause) => {
    throw notFound(path, cause);
  });
}

function notFound(path: string, cause: unknown): DatafreeError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return unreadable(path, cause);
  return new DatafreeError('data-not-found', `${path} does not exist.`, { path, hint: 'Check the path.', cause });
}
