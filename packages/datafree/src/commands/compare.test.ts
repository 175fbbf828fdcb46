import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { Random } from '@datafree/core';
import { encodeNpy } from '@datafree/data';
import { encodeModel } from '@datafree/onnx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cell } from '../comparison/cell.ts';
import type { Row } from '../comparison/summary.ts';
import { network, sampleShape } from '../testing/models.ts';
import { runHere } from '../testing/terminal.ts';

let folder: string;
const at = (...names: string[]): string => join(folder, ...names);
const count = 40;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'datafree-test-'));
  await writeFile(at('model.onnx'), encodeModel(network()));
  const data = new Random(5).normals(count * sampleShape.reduce((a, b) => a * b, 1));
  await writeFile(at('data.npy'), encodeNpy({ dtype: 'float32', dims: [count, ...sampleShape], data }));
  await writeFile(
    at('labels.u8'),
    Uint8Array.from({ length: count }, (_, i) => i % 5),
  );
});
afterAll(() => rm(folder, { recursive: true }));

const compare = (run: string, ...args: string[]): string[] => [
  ...['compare', at('model.onnx'), '--data', at('data.npy'), '--labels', at('labels.u8'), '--run', at(run)],
  ...['--methods', 'gaussian,bns', '--bits', '8/8,3/3', '--seeds', '2', '--samples', '8'],
  ...['--method-option', 'bns:iterations=3', '--method-option', 'bns:batch=8', ...args],
];

interface Result {
  fp32: { top1: number };
  rows: Row[];
  cells: Cell[];
}

async function result(...args: string[]): Promise<Result> {
  const outcome = await runHere([...args, '--json']);
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome.json<Result>();
}

test('finishes every cell of the grid', async () => {
  const found = await result(...compare('grid'));
  expect(found.rows.map(({ method, bits, seeds }) => [method, bits.weights, bits.activations, seeds])).toEqual([
    ['gaussian', 8, 8, 2],
    ['gaussian', 3, 3, 2],
    ['bns', 8, 8, 2],
    ['bns', 3, 3, 2],
  ]);
  expect(found.cells).toHaveLength(8);
  expect(found.cells[4]).toMatchObject({ method: 'bns', seed: 0, samples: 8, options: { iterations: 3 } });
  // Both cells of a method and seed share one synthesis.
  expect(found.cells[4]?.seconds.synthesis).toBe(found.cells[5]?.seconds.synthesis);
  expect(found.cells[4]?.seconds.synthesis).toBeGreaterThan(0);
  const [eight, three] = found.cells as [Cell, Cell];
  expect(eight.cosine).toBeGreaterThan(three.cosine);
  const files = await readdir(at('grid'));
  expect(files.filter((name) => name.endsWith('.json'))).toHaveLength(9);
  expect(files).toHaveLength(9);

  // The same cell by hand.
  await runHere([
    ...['compress', at('model.onnx'), '-o', at('hand.onnx'), '--method', 'bns', '--seed', '1', '--samples', '8'],
    ...['--option', 'iterations=3', '--option', 'batch=8', '--weights', '3', '--activations', '3'],
  ]);
  const evaluated = await runHere([
    ...['evaluate', at('model.onnx'), at('hand.onnx'), '--data', at('data.npy'), '--labels', at('labels.u8'), '--json'],
  ]);
  const [fp32, own] = evaluated.json<{ models: { top1: number; agreement: number; bytes: number }[] }>().models;
  expect(found.fp32.top1).toBe(fp32?.top1);
  const cell = found.cells.find(({ method, bits, seed }) => method === 'bns' && bits.weights === 3 && seed === 1);
  expect(cell).toMatchObject({ top1: own?.top1, agreement: own?.agreement, bytes: own?.bytes });
});

test('lets two of the same command run at once in one folder', async () => {
  const { cells } = await result(...compare('grid'));
  const numbers = (of: readonly Cell[]): object[] => of.map(({ seconds: _, ...cell }) => cell);
  const both = await Promise.all([result(...compare('both')), result(...compare('both'))]);
  for (const found of both) expect(numbers(found.cells)).toEqual(numbers(cells));
  const files = await readdir(at('both'));
  expect(files.filter((name) => !name.endsWith('.json'))).toEqual([]);
  expect(files).toHaveLength(9);
});

test('goes on with the samples of a process that was killed, and removes the network that it measured', async () => {
  const controller = new AbortController();
  const bns = (...args: string[]): string[] => [
    ...compare('killed', '--methods', 'bns', '--seeds', '1', '--method-option', 'bns:batch=4', ...args),
  ];
  const killed = await runHere(bns(), {
    signal: controller.signal,
    onWrite: (text) => {
      if (text.includes('cells: 1/2')) controller.abort();
    },
  });
  expect(killed.stderr).toMatch(/synthesis: /);
  const { pid } = spawnSync(process.execPath, ['--version']);
  await rename(at('killed', 'bns_s0.run'), at('killed', `bns_s0.${pid}-0123456789ab.run`));
  await writeFile(at('killed', `bns_w3a3_s0.${pid}-0123456789ab.onnx`), 'half');
  const outcome = await runHere(bns());
  expect(outcome.stderr).toMatch(/cells: 2\/2/);
  expect(outcome.stderr).not.toMatch(/synthesis: /);
  expect((await readdir(at('killed'))).sort()).toEqual(['bns_w3a3_s0.json', 'bns_w8a8_s0.json', 'compare.json']);
});

test.each([['{'], ['{}'], ['null'], ['']])(
  'makes a cell again whose file holds only "%s", with a warning',
  async (text) => {
    const small = [
      ...['compare', at('model.onnx'), '--data', at('data.npy'), '--run', at('damaged'), '--methods', 'gaussian'],
      ...['--bits', '8/8,3/3', '--seeds', '1', '--samples', '8'],
    ];
    const { cells } = await result(...small);
    const file = at('damaged', 'gaussian_w3a3_s0.json');
    await writeFile(file, text);
    const again = await runHere([...small, '--json']);
    expect(again.code, again.stderr).toBe(0);
    expect(again.stderr.split(`${file} is damaged`)).toHaveLength(2);
    const agreements = (of: readonly Cell[]): number[] => of.map(({ agreement }) => agreement);
    expect(agreements(again.json<Result>().cells)).toEqual(agreements(cells));
    // What is read prints as what was made.
    expect(JSON.stringify(again.json<Result>().cells[0])).toBe(JSON.stringify(cells[0]));
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ agreement: cells[1]?.agreement });
  },
);

test('puts samples of data beside the methods, other ones for each seed', async () => {
  const { cells } = await result(
    ...['compare', at('model.onnx'), '--data', at('data.npy'), '--run', at('real'), '--methods', 'gaussian'],
    ...['--with-real', at('data.npy'), '--seeds', '2', '--samples', '8', '--weights', '6'],
  );
  expect(cells.map(({ method, bits, seed, samples, top1 }) => [method, bits.weights, seed, samples, top1])).toEqual([
    ['gaussian', 6, 0, 8, null],
    ['gaussian', 6, 1, 8, null],
    ['real', 6, 0, 8, null],
    ['real', 6, 1, 8, null],
  ]);
  expect(cells[2]?.cosine).not.toBe(cells[3]?.cosine);
  expect(cells[2]?.options).toEqual({ data: at('data.npy'), digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
});

test('goes on with what is finished, cell by cell', async () => {
  const controller = new AbortController();
  const stopped = await runHere(compare('stopped'), {
    signal: controller.signal,
    onWrite: (text) => {
      if (text.includes('cells: 3/8')) controller.abort();
    },
  });
  expect(stopped.code).toBe(130);
  expect(stopped.stderr).toContain(`What was done is kept in ${at('stopped')}`);
  const cells = async (): Promise<string[]> =>
    (await readdir(at('stopped'))).filter((name) => /_s\d+\.json$/.test(name));
  const kept = await cells();
  expect(kept).toHaveLength(3);
  const times = await Promise.all(kept.map(async (name) => (await stat(at('stopped', name))).mtimeMs));
  await result(...compare('stopped'));
  expect(await cells()).toHaveLength(8);
  expect(await Promise.all(kept.map(async (name) => (await stat(at('stopped', name))).mtimeMs))).toEqual(times);

  // More of the grid goes into the same folder; other facts do not, other options of a method neither.
  const more = await result(...compare('stopped', '--only', 'gaussian:2', '--seeds', '3'));
  expect(more.cells.map(({ method, seed }) => [method, seed])).toEqual([
    ['gaussian', 2],
    ['gaussian', 2],
  ]);
  for (const args of [
    ['--samples', '9'],
    ['--first-last', '8'],
    ['--method-option', 'bns:iterations=4'],
  ]) {
    const refused = await runHere(compare('stopped', ...args));
    expect(refused.stderr, args[0]).toContain('error [resume-mismatch]');
  }
  const text = await runHere(compare('stopped'));
  expect(text.stdout).toMatch(/^method +bits +seeds +top-1 % +agreement % +seconds$/m);
  expect(text.stdout).toMatch(/^bns +3\/3 +2 +[\d.]+ ± [\d.]+/m);
  expect((await runHere(compare('stopped', '--csv'))).stdout).toMatch(/^bns,3,3,2,/m);
  expect((await runHere(compare('stopped', '--markdown'))).stdout).toMatch(/^\| bns \| 3\/3 \| 2 \|/m);
});

describe('--restart', () => {
  const manifest = async (): Promise<string> => readFile(at('grid', 'compare.json'), 'utf8');
  const cell = 'gaussian_w8a8_s0.json';

  test.each<[name: string, files: () => Promise<Record<string, string>>]>([
    ['a manifest of something else', async () => ({ 'compare.json': '{ "mine": true }', 'data.csv': '1' })],
    ['a manifest that is no JSON', async () => ({ 'compare.json': '{', [cell]: '{}' })],
    ['no manifest', async () => ({ [cell]: '{}' })],
    ['a file that is not its own', async () => ({ 'compare.json': await manifest(), [cell]: '{}', 'notes.txt': 'a' })],
    ['such a file in samples', async () => ({ 'compare.json': await manifest(), 'bns_s0.run/notes.txt': 'a' })],
  ])('refuses a folder with %s, and leaves it as it is', async (_name, files) => {
    const path = await mkdtemp(at('foreign-'));
    const written = await files();
    for (const [name, text] of Object.entries(written)) {
      await mkdir(dirname(join(path, name)), { recursive: true });
      await writeFile(join(path, name), text);
    }
    for (const args of [[], ['--restart']]) {
      const refused = await runHere(compare(basename(path), ...args));
      expect(refused.stderr).toContain('error [output-exists]');
      expect(refused.stderr).not.toContain('--restart');
      for (const [name, text] of Object.entries(written)) {
        expect(await readFile(join(path, name), 'utf8')).toBe(text);
      }
    }
  });

  test('discards what a comparison left, and leaves hidden files', async () => {
    const small = (...more: string[]): string[] => [
      ...['compare', at('model.onnx'), '--data', at('data.npy'), '--run', at('again'), '--methods', 'gaussian'],
      ...['--bits', '8/8', '--seeds', '1', ...more],
    ];
    await result(...small('--samples', '8'));
    await mkdir(at('again', 'bns_s4.run'));
    for (const name of ['bns_w4a4_s4.json', 'bns_w4a4_s4.onnx', '.hidden', join('bns_s4.run', 'run.checkpoint')]) {
      await writeFile(at('again', name), '{}');
    }
    const { cells } = await result(...small('--samples', '9', '--restart'));
    expect(cells.map(({ samples }) => samples)).toEqual([9]);
    expect((await readdir(at('again'))).sort()).toEqual(['.hidden', 'compare.json', cell]);
  });
});

test.each([
  ['a folder of something else', () => compare('.'), 'output-exists'],
  ['bits', () => compare('x', '--bits', '8/8,9'), 'option-invalid'],
  ['a method twice', () => compare('x', '--methods', 'bns,bns'), 'option-invalid'],
  ['an option of no method', () => compare('x', '--method-option', 'inception:iterations=3'), 'option-invalid'],
  ['two forms of the table', () => compare('x', '--csv', '--markdown'), 'option-invalid'],
  ['a cell that is not there', () => compare('x', '--only', 'bns:7'), 'option-invalid'],
  ['an unknown method', () => compare('x', '--methods', 'magic,bns'), 'plugin-not-found'],
])('refuses: %s', async (_name, args, code) => {
  const refused = await runHere(args());
  expect(refused.stderr).toContain(`error [${code}]`);
  expect(refused.code).toBe(1);
  await expect(readFile(at('x', 'compare.json'))).rejects.toThrow('ENOENT');
});

test('--help', async () => {
  const { stdout, code } = await runHere(['compare', '--help']);
  expect(code).toBe(0);
  for (const flag of ['--methods', '--bits', '--seeds', '--with-real', '--jobs', '--csv'])
    expect(stdout).toContain(flag);
});
