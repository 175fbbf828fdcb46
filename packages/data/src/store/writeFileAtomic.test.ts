import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFileAtomic } from './writeFileAtomic.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'datafree-atomic-'));
});
afterEach(() => rm(folder, { recursive: true }));

const isRoot = process.getuid?.() === 0;

describe('writeFileAtomic', () => {
  it('writes bytes and text, and replaces what was there, leaving nothing beside', async () => {
    const path = join(folder, 'a.json');
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    expect(await readFile(path)).toEqual(Buffer.of(1, 2, 3));
    await writeFileAtomic(path, 'é');
    expect(await readFile(path, 'utf8')).toBe('é');
    expect(await readdir(folder)).toEqual(['a.json']);
  });

  it('writes views without what lies around them', async () => {
    const path = join(folder, 'view');
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3, 4).subarray(1, 3));
    expect(await readFile(path)).toEqual(Buffer.of(2, 3));
  });

  it('lets writers of the same file run at the same time', async () => {
    const path = join(folder, 'a');
    const contents = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000));
    await Promise.all(contents.map((content) => writeFileAtomic(path, content)));
    expect(contents).toContain(await readFile(path, 'utf8'));
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('keeps a symbolic link and writes what it points to', async () => {
    await writeFile(join(folder, 'target'), 'old');
    await symlink('target', join(folder, 'link'));
    await writeFileAtomic(join(folder, 'link'), 'new');
    expect(await readFile(join(folder, 'target'), 'utf8')).toBe('new');
    expect(await readlink(join(folder, 'link'))).toBe('target');
  });

  it('removes what a killed writer of the same file left, and only that', async () => {
    const path = join(folder, 'a');
    const names: string[] = [];
    // A name as a writer makes it, taken from one at work.
    const writing = writeFileAtomic(path, 'x'.repeat(30_000_000));
    while (names.length === 0) names.push(...(await readdir(folder)).filter((name) => name.endsWith('.tmp')));
    await writing;
    const dead = names[0]!.replace(/-\d+-/, '-999999999-');
    const alive = names[0]!.replace(/-\d+-[0-9a-f]+/, `-${process.pid}-0`);
    const other = `.datafree-000000000000-999999999-0.tmp`;
    for (const name of [dead, alive, other]) await writeFile(join(folder, name), 'half');
    await writeFileAtomic(path, 'y');
    expect((await readdir(folder)).sort()).toEqual([alive, other, 'a'].sort());
  });

  const refuse = async (path: string, cause: string, hint: RegExp): Promise<void> => {
    const writing = writeFileAtomic(path, 'content');
    await expect(writing).rejects.toMatchObject({ code: 'output-unwritable', path, cause: { code: cause } });
    await expect(writing).rejects.toMatchObject({ hint: expect.stringMatching(hint) });
  };

  it('refuses a folder, and a path whose folder is not there', async () => {
    await mkdir(join(folder, 'b'));
    await refuse(join(folder, 'b'), 'EISDIR', /name of a file/);
    await refuse(join(folder, 'absent', 'a'), 'ENOENT', /Make the folder/);
    await writeFile(join(folder, 'file'), '');
    await refuse(join(folder, 'file', 'a'), 'ENOTDIR', /another place/);
    expect((await readdir(folder)).sort()).toEqual(['b', 'file']);
  });

  it.skipIf(isRoot)('refuses what may not be written (does not apply to root)', async () => {
    await writeFile(join(folder, 'read-only'), 'old', { mode: 0o444 });
    await refuse(join(folder, 'read-only'), 'EACCES', /permissions/);
    await chmod(folder, 0o555);
    await refuse(join(folder, 'a'), 'EACCES', /permissions/);
    await chmod(folder, 0o755);
  });

  it.runIf(existsSync('/dev/full'))('tells of a full disk, and leaves devices what they are', async () => {
    await refuse('/dev/full', 'ENOSPC', /Free some space/);
    await writeFileAtomic('/dev/null', 'nothing');
    await refuse('/dev/full', 'ENOSPC', /Free some space/);
  });
});
