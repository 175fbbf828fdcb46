import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'tsup';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { memorySamples } from '../memory.ts';
import { sampleWriter, writeSamples } from './writeSamples.ts';

// The functions under test as plain JavaScript, for processes that can be killed and limited.
let built: string;
beforeAll(async () => {
  built = await mkdtemp(join(tmpdir(), 'datafree-built-'));
  const here = dirname(fileURLToPath(import.meta.url));
  await build({
    config: false,
    silent: true,
    dts: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    entry: [join(here, 'writeFileAtomic.ts'), join(here, 'writeSamples.ts')],
    outDir: built,
    outExtension: () => ({ js: '.mjs' }),
    noExternal: [/./],
    esbuildOptions(options) {
      options.conditions = ['datafree-source', 'import'];
    },
  });
}, 60_000);
afterAll(() => rm(built, { recursive: true }));

/** Runs code in a new process, with `writeFileAtomic` and `writeSamples` at hand. */
function run(code: string, fileLimit?: number): ChildProcess {
  const imports = ['writeFileAtomic', 'writeSamples'].map(
    (name) => `import { ${name} } from ${JSON.stringify(pathToFileURL(join(built, `${name}.mjs`)).href)};`,
  );
  const command = [process.execPath, '--input-type=module', '-e', [...imports, code].join('\n')];
  const limited = ['sh', '-c', `ulimit -f ${fileLimit}; exec "$0" "$@"`, ...command];
  const [program = '', ...parameters] = fileLimit === undefined ? command : limited;
  return spawn(program, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function output(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'close');
  return text;
}

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(2);
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'datafree-crash-'));
});
afterEach(() => rm(folder, { recursive: true }));

const posix = process.platform !== 'win32';

describe.runIf(posix)('a killed process', () => {
  it('leaves a file whole, and its rest is cleared by the next write', async () => {
    const path = join(folder, 'model.onnx');
    const length = 4_000_000;
    for (let round = 0; round < 4; round++) {
      await rm(path, { force: true });
      const child = run(
        `for (let i = 0; ; i++) await writeFileAtomic(${JSON.stringify(path)}, new Uint8Array(${length}).fill(i));`,
      );
      await waitFor(async () => (await readdir(folder)).includes('model.onnx'));
      await sleep(5 + 17 * round);
      child.kill('SIGKILL');
      await once(child, 'close');
      const bytes = await readFile(path);
      expect(bytes).toHaveLength(length);
      expect(bytes.every((byte) => byte === bytes[0])).toBe(true);
      const child2 = run(`await writeFileAtomic(${JSON.stringify(path)}, 'next');`);
      await output(child2);
      expect(await readdir(folder)).toEqual(['model.onnx']);
      expect(await readFile(path, 'utf8')).toBe('next');
    }
  }, 60_000);

  it('leaves a samples folder from which writing goes on to the same bytes', async () => {
    const shape = [1, 16, 16];
    const count = 256 * 12;
    const origin = { method: 'bns', options: {}, seed: 1, model: '', versions: {} };
    const samples = memorySamples({ shape, data: Float32Array.from({ length: count * 256 }, (_, i) => i % 1009) });
    await writeSamples(join(folder, 'whole'), samples, { origin });
    const place = join(folder, 'samples');
    const code = `
      const samples = {
        shape: ${JSON.stringify(shape)}, count: ${count}, labelled: false,
        async *batches(size) {
          for (let n = 0; n < ${count}; n += size) {
            const data = Float32Array.from({ length: size * 256 }, (_, i) => (n * 256 + i) % 1009);
            yield { data: { dtype: 'float32', dims: [size, ...this.shape], data } };
          }
        },
      };
      await writeSamples(${JSON.stringify(place)}, samples, { origin: ${JSON.stringify(origin)} });`;
    const finished: number[] = [];
    for (const shards of [1, 4, 7]) {
      const child = run(code);
      const closed = once(child, 'close');
      await waitFor(async () => {
        const names = await readdir(place).catch(() => []);
        return child.exitCode !== null || names.filter((name) => name.startsWith('samples-')).length >= shards;
      });
      await sleep(1);
      child.kill('SIGKILL');
      await closed;
      const writer = await sampleWriter(place, { origin, shape, count, labelled: false });
      finished.push(writer.finished);
      expect(writer.finished % 256).toBe(0);
    }
    expect(finished[0]).toBeLessThan(count);
    expect(finished).toEqual([...finished].sort((a, b) => a - b));
    await writeSamples(place, samples, { origin });
    const names = await readdir(join(folder, 'whole'));
    expect((await readdir(place)).filter((name) => !name.endsWith('.tmp')).sort()).toEqual(names.sort());
    for (const name of names) {
      expect((await readFile(join(place, name))).equals(await readFile(join(folder, 'whole', name)))).toBe(true);
    }
  }, 60_000);
});

describe.runIf(posix)('a process that may not write as much as it wants', () => {
  it('keeps the old file and leaves nothing half-written', async () => {
    const path = join(folder, 'model.onnx');
    await writeFile(path, 'old');
    const code = `
      try { await writeFileAtomic(${JSON.stringify(path)}, new Uint8Array(1_000_000)); }
      catch (error) { console.log(error.code, error.cause.code); }`;
    expect(await output(run(code, 100))).toBe('output-unwritable EFBIG\n');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['model.onnx']);
  });

  it('keeps the shards that were written', async () => {
    const place = join(folder, 'samples');
    const origin = { method: 'bns', options: {}, seed: 1, model: '', versions: {} };
    // Zeros lie on the byte grid; the last shard holds a fraction, so it is stored as floats, four times larger.
    const samples = memorySamples({ shape: [1, 16, 16], data: new Float32Array(768 * 256).fill(0.5, 600 * 256) });
    const grid = { scale: [1], offset: [0], low: 0, high: 255, whole: true };
    const code = `
      const data = new Float32Array(768 * 256).fill(0.5, 600 * 256);
      const samples = {
        shape: [1, 16, 16], count: 768, labelled: false,
        async *batches() { yield { data: { dtype: 'float32', dims: [768, 1, 16, 16], data } }; },
      };
      const description = { origin: ${JSON.stringify(origin)}, grid: ${JSON.stringify(grid)} };
      try { await writeSamples(${JSON.stringify(place)}, samples, description); }
      catch (error) { console.log(error.code); }`;
    expect(await output(run(code, 300))).toBe('output-unwritable\n');
    expect((await readdir(place)).sort()).toEqual(['manifest.partial.json', 'samples-00000.npy', 'samples-00001.npy']);
    const stored = await writeSamples(place, samples, { origin, grid });
    expect(stored.manifest.shards.map((shard) => shard.dtype)).toEqual(['uint8', 'uint8', 'float32']);
    await stored.verify();
  });
});
