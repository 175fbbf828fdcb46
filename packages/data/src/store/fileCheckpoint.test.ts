import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileCheckpoint } from './fileCheckpoint.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'datafree-checkpoint-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('fileCheckpoint', () => {
  it('reads back what was written, under any key, also through a second one', async () => {
    const value = fc.uint8Array({ maxLength: 100 });
    const entries = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('..', 'a/b', 'A', 'a', 'batch-1')), value);
    await fc.assert(
      fc.asyncProperty(entries, fc.nat(), async (dictionary, run) => {
        const place = join(folder, String(run));
        await rm(place, { recursive: true, force: true });
        for (const [key, bytes] of Object.entries(dictionary)) await fileCheckpoint(place).write(key, bytes);
        const checkpoint = fileCheckpoint(place);
        for (const [key, bytes] of Object.entries(dictionary)) expect(await checkpoint.read(key)).toEqual(bytes);
        expect(await checkpoint.read('never written')).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });

  it('replaces an entry', async () => {
    const checkpoint = fileCheckpoint(join(folder, 'new'));
    await checkpoint.write('a', Uint8Array.of(1));
    await checkpoint.write('a', Uint8Array.of(2, 3));
    expect(await checkpoint.read('a')).toEqual(Uint8Array.of(2, 3));
  });

  it('never reads an entry that was cut or changed anywhere', async () => {
    const checkpoint = fileCheckpoint(folder);
    await checkpoint.write(
      'a',
      Uint8Array.from({ length: 40 }, (_, i) => i),
    );
    const path = join(folder, (await readdir(folder))[0]!);
    const whole = await readFile(path);
    for (let length = 0; length < whole.length; length++) {
      await writeFile(path, whole.subarray(0, length));
      expect(await checkpoint.read('a')).toBeUndefined();
    }
    for (let position = 0; position < whole.length; position++) {
      await writeFile(
        path,
        whole.map((byte, i) => (i === position ? byte ^ 1 : byte)),
      );
      expect(await checkpoint.read('a')).toBeUndefined();
    }
    await writeFile(path, whole);
    expect(await checkpoint.read('a')).toHaveLength(40);
  });

  it('says when it cannot write', async () => {
    await writeFile(join(folder, 'file'), '');
    const writing = fileCheckpoint(join(folder, 'file')).write('a', new Uint8Array(1));
    await expect(writing).rejects.toMatchObject({ code: 'output-unwritable' });
  });
});
