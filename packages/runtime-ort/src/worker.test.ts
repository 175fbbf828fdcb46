import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build } from 'tsup';
import { afterAll, beforeAll, expect, test } from 'vitest';

const library = pathToFileURL(createRequire(import.meta.url).resolve('onnxruntime-node')).href;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'datafree-test-'));
  await build({
    entry: [fileURLToPath(new URL('./testing/worker.ts', import.meta.url))],
    outDir: folder,
    format: 'esm',
    target: 'node20',
    config: false,
    silent: true,
    outExtension: () => ({ js: '.mjs' }),
    external: ['onnxruntime-node'],
    noExternal: [/^(?!onnxruntime-node)/],
    esbuildOptions: (options) => {
      options.conditions = ['datafree-source'];
    },
  });
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

function inWorker(factor: number, runs: number): Promise<Float32Array> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(join(folder, 'worker.mjs'), { workerData: { library, factor, runs } });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

test('runs in several worker threads at once', { timeout: 120_000 }, async () => {
  const results = await Promise.all([1, 2, 3].map((factor) => inWorker(factor, 50)));
  expect(results.map((data) => [...data])).toEqual([
    [0, 2, 49],
    [0, 4, 98],
    [0, 6, 147],
  ]);
});
