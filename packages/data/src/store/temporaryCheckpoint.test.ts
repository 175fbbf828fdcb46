import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { build } from 'tsup';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { temporaryCheckpoint } from './temporaryCheckpoint.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'datafree-test-'));
  vi.stubEnv('TMPDIR', root);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});
beforeEach(async () => expect(await readdir(root)).toEqual([]));

const collect = (): void => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
};

describe('temporaryCheckpoint', () => {
  it('keeps entries in a folder of its own until it is removed', async () => {
    const [first, second] = [await temporaryCheckpoint(), await temporaryCheckpoint()];
    await first.write('a', Uint8Array.of(1));
    await second.write('a', Uint8Array.of(2));
    expect(await readdir(root)).toHaveLength(2);
    expect(await first.read('a')).toEqual(Uint8Array.of(1));
    await first.remove();
    expect(await first.read('a')).toBeUndefined();
    expect(await second.read('a')).toEqual(Uint8Array.of(2));
    await second.remove();
  });

  it('goes when nothing holds it any more', async () => {
    const make = async (): Promise<void> => {
      await (await temporaryCheckpoint()).write('a', Uint8Array.of(1));
    };
    await make();
    expect(await readdir(root)).toHaveLength(1);
    await vi.waitFor(async () => {
      collect();
      await sleep(1);
      expect(await readdir(root)).toEqual([]);
    }, 10_000);
  });

  it('goes when its process ends, also by an error', async () => {
    const here = dirname(fileURLToPath(import.meta.url));
    const built = await mkdtemp(join(dirname(root), 'datafree-built-'));
    await build({
      config: false,
      silent: true,
      dts: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      entry: [join(here, 'temporaryCheckpoint.ts')],
      outDir: built,
      outExtension: () => ({ js: '.mjs' }),
      noExternal: [/./],
      esbuildOptions(options) {
        options.conditions = ['datafree-source', 'import'];
      },
    });
    const url = pathToFileURL(join(built, 'temporaryCheckpoint.mjs')).href;
    const code = `
      import { readdirSync } from 'node:fs';
      import { temporaryCheckpoint } from ${JSON.stringify(url)};
      globalThis.held = await temporaryCheckpoint();
      await held.write('a', new Uint8Array(8));
      console.log(readdirSync(process.env.TMPDIR).length);`;
    const run = (more: string) =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', code + more], {
        env: { ...process.env, TMPDIR: root },
      });
    expect((await run('')).stdout).toBe('1\n');
    expect(await readdir(root)).toEqual([]);
    await expect(run("throw new Error('failed');")).rejects.toMatchObject({ stdout: '1\n' });
    await rm(built, { recursive: true });
  }, 60_000);

  it('tells where it cannot be', async () => {
    vi.stubEnv('TMPDIR', join(root, 'missing'));
    await expect(temporaryCheckpoint()).rejects.toMatchObject({ code: 'output-unwritable' });
    vi.stubEnv('TMPDIR', root);
  });
});
