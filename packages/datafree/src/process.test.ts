import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '@datafree/core';
import { encodeModel } from '@datafree/onnx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { network } from './testing/models.ts';

// These run the command line as it is published: from its build.
const program = fileURLToPath(new URL('../bin/datafree.mjs', import.meta.url));
if (!existsSync(fileURLToPath(new URL('../dist/cli.js', import.meta.url)))) {
  throw new Error('The command line is not built: npm run build.');
}

let folder: string;
const at = (...names: string[]): string => join(folder, ...names);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'datafree-test-'));
  await writeFile(at('model.onnx'), encodeModel(network()));
});
afterAll(() => rm(folder, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the command line; `onProgress` is called with what it has written to the standard error output so far. */
function start(
  args: readonly string[],
  { command = [process.execPath, program], onProgress = (_text: string, _child: ChildProcess): void => {} } = {},
): Promise<Ended> {
  const [file, ...before] = command as [string, ...string[]];
  const child = spawn(file, [...before, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { stdout: '', stderr: '' };
  child.stdout.on('data', (part) => (text.stdout += part));
  child.stderr.on('data', (part) => {
    text.stderr += part;
    onProgress(text.stderr, child);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...text }));
  });
}

/** Enough work to be interrupted in: six batches of 60 steps. */
const work = ['--samples', '48', '--option', 'batch=8', '--option', 'iterations=60'];
const compress = (output: string, ...args: string[]): string[] => [
  ...['compress', 'model.onnx', '-o', output, ...work],
  ...args,
];

describe('exit codes', () => {
  test.each<[name: string, args: string[], code: number]>([
    ['help', ['--help'], 0],
    ['done', ['inspect', 'model.onnx', '--json'], 0],
    ['bad input', ['inspect', 'missing.onnx'], 1],
    ['unknown option', ['inspect', 'model.onnx', '--frobnicate'], 1],
    ['no such command', ['frobnicate'], 2],
    ['nothing', [], 2],
  ])('%s', async (_name, args, code) => {
    const ended = await start(args);
    expect(ended.code, ended.stderr).toBe(code);
    expect(ended.stderr).not.toMatch(/^\s+at /m);
  });

  test('work that never ends because of a plugin fails', async () => {
    const plugin = `export default {
      kind: 'synthesizer', name: 'waiting', apiVersion: 1, options: {},
      supports: { needsGradients: false, needsBatchNorm: false, labelled: false, deterministic: true },
      synthesize: () => new Promise(() => {}),
    };`;
    await writeFile(at('waiting.mjs'), plugin);
    const ended = await start(['compress', 'model.onnx', '-o', 'never.onnx', '--method', './waiting.mjs', '--json']);
    expect(ended.code, ended.stderr).toBe(1);
    expect(JSON.parse(ended.stdout)).toMatchObject({ error: { code: 'plugin-failed' } });
    expect(ended.stderr).toContain('never settled');
  });

  test('a closed pipe is no error', async () => {
    const command = ['sh', '-c', `"${process.execPath}" "${program}" "$@" | head -c 1`, 'sh'];
    const ended = await start(['inspect', 'model.onnx'], { command });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });

  test('the origin of an error is told when asked for', async () => {
    const command = ['env', 'DEBUG=1', process.execPath, program];
    const ended = await start(['inspect', 'missing.onnx'], { command });
    expect(ended.stderr).toMatch(/^\s+at /m);
  });
});

test('stops when the process that started it is gone', { timeout: 60_000 }, async () => {
  const child = spawn(process.execPath, [program, ...compress('alone.onnx')], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let told = '';
  const code = await new Promise((resolve) => {
    child.stderr?.on('data', (part) => {
      told += part;
      // What remains of a killed process is a closed channel.
      if (/synthesis: /.test(told) && child.connected) child.disconnect();
    });
    child.on('exit', resolve);
  });
  expect(code, told).toBe(130);
  expect(existsSync(at('alone.onnx'))).toBe(false);
});

describe('interruptions', { timeout: 180_000 }, () => {
  let whole: Buffer;
  beforeAll(async () => {
    expect((await start(compress('whole.onnx'))).code).toBe(0);
    whole = await readFile(at('whole.onnx'));
  }, 60_000);

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it soon; the same command goes on', async (signal) => {
    let sent = 0;
    const ended = await start(compress('signal.onnx'), {
      onProgress: (text, child) => {
        if (sent > 0 || !/synthesis: 1\d\d\//.test(text)) return;
        sent = performance.now();
        child.kill(signal);
      },
    });
    expect(performance.now() - sent).toBeLessThan(3000);
    expect(ended.code).toBe(130);
    expect(ended.stderr).toContain('error [aborted]');
    expect(ended.stderr).toMatch(
      /hint: What was done is kept in .*signal\.onnx\.run: the same command goes on from there\.$/m,
    );
    expect(existsSync(at('signal.onnx'))).toBe(false);
    const again = await start(compress('signal.onnx'));
    expect(again.code).toBe(0);
    expect(again.stderr).toContain('Going on');
    expect((await readFile(at('signal.onnx'))).equals(whole)).toBe(true);
    expect(existsSync(at('signal.onnx.run'))).toBe(false);
    await rm(at('signal.onnx'));
  });

  test('killed at any moment, no file is half-written and the same command goes on', async () => {
    const random = new Random(Date.now());
    for (let kills = 0; kills < 6; kills++) {
      const after = random.integer(360);
      const ended = await start(compress('killed.onnx'), {
        onProgress: (text, child) => {
          const done = Number(/(\d+)\/\d+ \w+[^\n]*\n$/.exec(text)?.[1] ?? 0);
          if (done >= after) child.kill('SIGKILL');
        },
      });
      expect([null, 0]).toContain(ended.code);
      const output = await readFile(at('killed.onnx')).catch(() => undefined);
      expect(output === undefined || output.equals(whole)).toBe(true);
      for (const name of await readdir(folder)) expect(name).not.toMatch(/killed\.onnx\.(?!run$)/);
    }
    const ended = await start(compress('killed.onnx'));
    expect(ended.code, ended.stderr).toBe(0);
    expect((await readFile(at('killed.onnx'))).equals(whole)).toBe(true);
  });

  test('a full disk leaves no output, and a hint', async () => {
    // A limit on the size of files stands for a full disk: 8 blocks of 512 bytes are less than the output.
    const command = ['sh', '-c', `ulimit -f 8; exec "${process.execPath}" "${program}" "$@"`, 'sh'];
    const ended = await start(compress('full.onnx'), { command });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('error [output-unwritable]');
    expect(existsSync(at('full.onnx'))).toBe(false);
    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
    const again = await start(compress('full.onnx'));
    expect(again.code, again.stderr).toBe(0);
    expect((await readFile(at('full.onnx'))).equals(whole)).toBe(true);
  });

  test('an output that is a full device is told', async () => {
    const ended = await start(compress('/dev/full'));
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('error [output-unwritable]: /dev/full');
    expect(existsSync('/dev/full.run')).toBe(false);
  });
});

test('the example of the README runs', { timeout: 120_000 }, async () => {
  const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
  const [, code] = /```js\n(import .*?)```/s.exec(readme) as unknown as [string, string];
  await mkdir(at('node_modules'), { recursive: true });
  await symlink(fileURLToPath(new URL('..', import.meta.url)), at('node_modules', 'datafree'));
  await writeFile(at('example.mjs'), code);
  const ended = await start([], { command: [process.execPath, 'example.mjs'] });
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  const evaluated = await start(['inspect', 'model.int8.onnx', '--json']);
  expect(JSON.parse(evaluated.stdout).operators).toContainEqual(expect.objectContaining({ op: 'QuantizeLinear' }));
});
