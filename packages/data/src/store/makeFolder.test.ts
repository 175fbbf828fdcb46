import { mkdtemp, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder } from './makeFolder.ts';

describe('makeFolder', () => {
  it('makes a folder with those above it, and one that is there', async () => {
    const folder = join(await mkdtemp(join(tmpdir(), 'datafree-')), 'a', 'b', 'c');
    await makeFolder(folder);
    await makeFolder(folder);
    expect((await stat(folder)).isDirectory()).toBe(true);
  });

  it('says what it cannot make', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'datafree-')), 'file');
    await writeFile(file, '');
    for (const path of [file, join(file, 'below')]) {
      await expect(makeFolder(path)).rejects.toMatchObject({ code: 'output-unwritable' });
    }
  });

  it.skipIf(process.platform !== 'linux')('does not wait for ever where nothing can be made', async () => {
    await expect(makeFolder('/proc/datafree/samples')).rejects.toMatchObject({ code: 'output-unwritable' });
  });
});
