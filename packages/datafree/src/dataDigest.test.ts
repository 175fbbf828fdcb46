import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataDigest } from './dataDigest.ts';

let folder: string;
const run = 'no.run';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'datafree-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('tells files apart by their content', async () => {
  const path = join(folder, 'data.npy');
  await writeFile(path, 'one');
  const first = await dataDigest(path, run);
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  await writeFile(path, 'two');
  expect(await dataDigest(path, run)).not.toBe(first);
  await writeFile(path, 'one');
  expect(await dataDigest(path, run)).toBe(first);
});

test('tells folders apart by names and contents, wherever they lie', async () => {
  const [photos, moved] = [join(folder, 'photos'), join(folder, 'moved')];
  await mkdir(join(photos, 'cats'), { recursive: true });
  await writeFile(join(photos, 'cats', '1.png'), 'a cat');
  const first = await dataDigest(photos, run);
  await rename(photos, moved);
  expect(await dataDigest(moved, run)).toBe(first);
  expect(await dataDigest(`${moved}/`, run)).toBe(first);
  await rename(join(moved, 'cats', '1.png'), join(moved, 'cats', '2.png'));
  expect(await dataDigest(moved, run)).not.toBe(first);
});

test('leaves out the run folder among the data', async () => {
  const data = join(folder, 'data');
  const kept = join(data, 'out.onnx.run');
  await mkdir(kept, { recursive: true });
  await writeFile(join(data, '1.png'), 'a cat');
  const first = await dataDigest(data, kept);
  await writeFile(join(kept, 'fine-tuning.checkpoint'), 'half of it');
  expect(await dataDigest(data, kept)).toBe(first);
  await symlink(join(data, '1.png'), join(data, '2.png'));
  expect(await dataDigest(data, kept)).not.toBe(first);
});
