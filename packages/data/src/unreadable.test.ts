import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tensorOf } from '@datafree/core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { encodeNpy } from './array/npy.ts';
import { openData } from './openData.ts';

/** Paths that the system does not let this process read. */
const closed = vi.hoisted(() => new Set<string>());

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const guarded =
    <Rest extends unknown[], Result>(work: (path: string, ...rest: Rest) => Promise<Result>) =>
    async (path: string, ...rest: Rest): Promise<Result> => {
      if (closed.has(path)) throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
      return work(path, ...rest);
    };
  const { readFile, readdir, open } = real as unknown as Record<string, (path: string) => Promise<unknown>>;
  return { ...real, readFile: guarded(readFile!), readdir: guarded(readdir!), open: guarded(open!) };
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'datafree-unreadable-'));
  await writeFile(join(folder, 'x.npy'), encodeNpy(tensorOf('float32', [1, 3, 2, 2], new Float32Array(12))));
  await writeFile(join(folder, 'x.u8'), new Uint8Array(12));
  await mkdir(join(folder, 'images'));
  await writeFile(join(folder, 'images', 'a.png'), 'text');
});
afterAll(() => rm(folder, { recursive: true }));

it.each([
  ['x.npy', 'x.npy'],
  ['x.u8', 'x.u8'],
  ['images', 'images'],
  ['images', join('images', 'a.png')],
])('%s cannot be read where there is no permission for %s', async (name, denied) => {
  const path = join(folder, denied);
  closed.add(path);
  const reading = async (): Promise<void> => {
    for await (const _ of (await openData(join(folder, name), { shape: [3, 2, 2] })).batches(1));
  };
  await expect(reading()).rejects.toMatchObject({
    code: 'file-unreadable',
    path,
    message: `${path} cannot be read: there is no permission.`,
  });
  closed.clear();
});
