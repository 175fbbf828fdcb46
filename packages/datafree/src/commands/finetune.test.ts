import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@datafree/core';
import { decodeModel, encodeModel } from '@datafree/onnx';
import type { FusionReport } from '@datafree/plugin';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { network, withOutput } from '../testing/models.ts';
import { runHere } from '../testing/terminal.ts';

let folder: string;
const at = (name: string): string => join(folder, name);
const input = ['--preprocess', 'unit'];
const synthesis = ['--method', 'gaussian', '--samples', '32'];
const bits = ['--weights', '4', '--activations', '6'];
const rates = ['--finetune-option', 'learningRate=0.005', '--finetune-option', 'stepRate=0.002'];
const tuning = ['--finetune-steps', '120', '--finetune-option', 'batch=16', ...rates];

async function result<T>(...args: string[]): Promise<T> {
  const outcome = await runHere([...args, '--json']);
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome.json<T>();
}

const finetune = (output: string, ...args: string[]): string[] => [
  ...['finetune', at('model.onnx'), at('quantized.onnx'), '--samples', at('samples'), '-o', at(output)],
  ...[...tuning, ...input, ...args],
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'datafree-test-'));
  await writeFile(at('model.onnx'), encodeModel(network()));
  await writeFile(at('stranger.onnx'), encodeModel(network({ seed: 2 })));
  await writeFile(at('other.onnx'), encodeModel(withOutput(network(), 'other')));
  await result('synthesize', at('model.onnx'), '-o', at('samples'), ...synthesis, ...input);
  await result('compress', at('model.onnx'), '-o', at('quantized.onnx'), ...synthesis, ...input, ...bits);
}, 30_000);
afterAll(() => rm(folder, { recursive: true }));

interface Tuned {
  bytes: number;
  fp32Bytes: number;
  bits: { weights: number; activations: number };
  fusion: FusionReport;
  fineTuning: { steps: number; loss: { start: number; end: number } };
  seconds: number;
}

test('tunes a quantised file to the bytes that compress --finetune gives', async () => {
  const tuned = await result<Tuned>(...finetune('tuned.onnx'));
  expect(tuned).toMatchObject({ bits: { weights: 4, activations: 6 }, samples: 32, preset: 'fast' });
  const whole = await result<Tuned>(
    ...['compress', at('model.onnx'), '-o', at('whole.onnx'), ...synthesis, ...input, ...bits],
    // These flags imply --finetune.
    ...tuning,
  );
  expect(whole.fineTuning).toEqual(tuned.fineTuning);
  expect(whole.fusion).toEqual(tuned.fusion);
  expect(tuned.fusion.integer).toBeGreaterThan(0);
  expect([tuned.bytes, tuned.fp32Bytes]).toEqual([
    (await stat(at('tuned.onnx'))).size,
    (await stat(at('model.onnx'))).size,
  ]);
  const { steps, loss } = tuned.fineTuning;
  expect(steps).toBe(120);
  expect(loss.end).toBeLessThan(0.8 * loss.start);
  expect(tuned.seconds).toBeGreaterThan(0);
  const bytes = await readFile(at('tuned.onnx'));
  expect(bytes.equals(await readFile(at('whole.onnx')))).toBe(true);
  expect(bytes.equals(await readFile(at('quantized.onnx')))).toBe(false);
});

test('goes on after an interruption, to the same bytes and losses', async () => {
  const controller = new AbortController();
  const stopped = await runHere(finetune('resumed.onnx'), {
    signal: controller.signal,
    onWrite: (text) => {
      if (text.includes('fine-tuning: 108/')) controller.abort();
    },
  });
  expect(stopped.code).toBe(130);
  await expect(stat(at('resumed.onnx'))).rejects.toThrow('ENOENT');
  const other = await runHere(finetune('resumed.onnx', '--seed', '3'));
  expect(other.stderr).toContain('error [resume-mismatch]');
  const resumed = await result<Tuned>(...finetune('resumed.onnx'));
  const again = await result<Tuned>(...finetune('again.onnx'));
  expect(resumed.fineTuning).toEqual(again.fineTuning);
  expect((await readFile(at('resumed.onnx'))).equals(await readFile(at('again.onnx')))).toBe(true);
  await expect(stat(at('resumed.onnx.run'))).rejects.toThrow('ENOENT');
});

test('does not go on with other data of the same name', async () => {
  const noise = (seed: number) => Uint8Array.from(new Random(seed).uniforms(32 * 3 * 8 * 8, 0, 255));
  const args = ['finetune', at('model.onnx'), at('quantized.onnx'), '--samples', at('data.u8'), '-o', at('late.onnx')];
  await writeFile(at('data.u8'), noise(1));
  const controller = new AbortController();
  const stopped = await runHere([...args, ...tuning, ...input], {
    signal: controller.signal,
    onWrite: (text) => {
      if (text.includes('fine-tuning: 108/')) controller.abort();
    },
  });
  expect(stopped.code).toBe(130);
  await writeFile(at('data.u8'), noise(2));
  const other = await runHere([...args, ...tuning, ...input]);
  expect(other.stderr).toContain('error [resume-mismatch]');
  expect(other.stderr).toContain('data');
});

test.each([
  ['the output', (data: string) => ['finetune', at('model.onnx'), at('quantized.onnx'), '--samples', data, '-o', data]],
  ['a report', (data: string) => [...finetune('unmade.onnx').with(4, data), '--report', data]],
  ['what is compressed', (data: string) => ['compress', at('model.onnx'), '--calibrate-with', data, '-o', data]],
  ['an evaluation', (data: string) => ['evaluate', at('model.onnx'), '--data', data, '--report', data]],
])('keeps the data from being overwritten by %s', async (_name, args) => {
  const data = at('precious.u8');
  await writeFile(data, new Uint8Array(16 * 3 * 8 * 8));
  const refused = await runHere([...args(data), ...input]);
  expect(refused.stderr).toContain('error [option-invalid]');
  expect(refused.stderr).toContain('it would be overwritten');
  expect((await readFile(data)).length).toBe(16 * 3 * 8 * 8);
});

test('tells in the result that learning was given up', async () => {
  const wild = [
    '--finetune-option',
    'learningRate=500',
    '--finetune-option',
    'batch=16',
    '--finetune-steps',
    '8',
    '--json',
  ];
  const args = ['finetune', at('model.onnx'), at('quantized.onnx'), '--samples', at('samples'), '-o', at('wild.onnx')];
  const { stderr, json } = await runHere([...args, ...input, ...wild]);
  expect(json()).toMatchObject({ learned: false, warnings: [expect.stringContaining('led the network astray')] });
  expect(stderr.match(/led the network astray/g)).toHaveLength(1);
  expect((await readFile(at('wild.onnx'))).equals(await readFile(at('quantized.onnx')))).toBe(true);
  const whole = await runHere([
    'compress',
    at('model.onnx'),
    '-o',
    at('w.onnx'),
    ...synthesis,
    ...input,
    ...bits,
    ...wild,
  ]);
  expect(whole.stderr.match(/led the network astray/g)).toHaveLength(1);
  expect(whole.json()).toMatchObject({ learned: false });
  const quiet = await runHere([...args, ...input, ...wild.filter((arg) => arg !== '--json'), '--quiet']);
  expect(quiet.stdout).toMatch(/^learning +given up: the network stays as it was$/m);
  expect(quiet.stderr).toBe('');
});

test('prints text', async () => {
  const { stdout, stderr } = await runHere(finetune('text.onnx', '--steps', '4'));
  expect(stdout).toMatch(/^loss +[\d.]+ → [\d.]+ in 4 steps$/m);
  expect(stdout).toMatch(/^size +[\d.]+ [kM]?B, [\d.]+ % of [\d.]+ [kM]?B$/m);
  expect(stdout).toMatch(/^integer kernels +(\d+) of \1 layers$/m);
  expect(stderr).toMatch(/^fine-tuning: 4\/4 steps/m);
});

test('tells which layers of a packed network run in float', async () => {
  const packed = ['--container', 'int4', '--output', at('packed.onnx')];
  await result('compress', at('model.onnx'), ...packed, ...synthesis, ...input, ...bits);
  const args = [at('model.onnx'), at('packed.onnx'), '--samples', at('samples'), '--steps', '4', ...input];
  const { fusion } = await result<Tuned>('finetune', ...args, '-o', at('tunedPacked.onnx'));
  const weighted = fusion.layers.filter(({ op }) => op === 'Conv' || op === 'Gemm');
  expect(weighted.length).toBeGreaterThan(1);
  for (const { kernel, reason } of weighted) {
    expect([kernel, reason]).toEqual(['float', 'its weights, stored in 4 bits, are unpacked to float at each run']);
  }
  const inspected = await result<{ fusion: FusionReport }>('inspect', at('packed.onnx'));
  expect(inspected.fusion).toEqual(fusion);
  const shown = (await runHere(['inspect', at('packed.onnx')])).stdout;
  expect(shown).toMatch(/^integer kernels +\d+ of \d+ layers$/m);
  expect(shown).toContain(`  in float: ${weighted[0]!.op} "${weighted[0]!.node}"`);
  expect(shown).toMatch(/^operator +count +gradient$/m);
  const { stdout } = await runHere(['finetune', ...args, '-o', at('again.onnx')]);
  expect(stdout).toContain(
    `  in float: ${weighted[0]!.op} "${weighted[0]!.node}" as ${weighted[0]!.runsAs}: its weights, stored in 4 bits`,
  );
});

test('warns of samples that were not preprocessed', async () => {
  const pixels = new Random(1).uniforms(16 * 3 * 8 * 8, 0, 255);
  await writeFile(at('pixels.u8'), Uint8Array.from(pixels));
  const args = ['finetune', at('model.onnx'), at('quantized.onnx'), '--samples', at('pixels.u8'), '--steps', '2'];
  const raw = await runHere([...args, '-o', at('raw.onnx')]);
  expect(raw.stderr).toMatch(/warning: .*pixels\.u8 is far from what the network was trained on \([\d.e+]+ nats/);
  const read = await runHere([...args, '-o', at('read.onnx'), ...input]);
  expect(read.code).toBe(0);
  expect(read.stderr).not.toContain('far from');
});

test('warns of a file whose weights have other names', async () => {
  const graph = decodeModel(await readFile(at('quantized.onnx')));
  const kept = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name));
  const renamed = (name: string) => (name === '' || kept.has(name) ? name : `own.${name}`);
  const nodes = graph.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map(renamed),
    outputs: node.outputs.map(renamed),
  }));
  const initializers = new Map([...graph.initializers].map(([name, tensor]) => [renamed(name), tensor]));
  await writeFile(at('renamed.onnx'), encodeModel({ ...graph, nodes, initializers }));
  const args = ['finetune', at('model.onnx'), at('renamed.onnx'), '--samples', at('samples'), ...input];
  const { json, stderr } = await runHere([...args, '--steps', '2', '-o', at('own.onnx'), '--json']);
  const warning = expect.stringContaining('renamed.onnx has the name of one of the network');
  expect(json<{ warnings: string[] }>().warnings).toContainEqual(warning);
  expect(stderr).toContain('is not known');
});

test.each([
  ['nothing is quantised', () => ['finetune', at('model.onnx'), at('model.onnx')], 'unsupported'],
  ['another network', () => ['finetune', at('other.onnx'), at('quantized.onnx')], 'shape-mismatch'],
  ['other weights', () => ['finetune', at('stranger.onnx'), at('quantized.onnx')], 'unsupported'],
  ['a wrong option', () => [...finetune('x.onnx', '--finetune-option', 'stps=3')], 'option-invalid'],
])('refuses: %s', async (_name, args, code) => {
  const given = args();
  const rest = given.includes('-o') ? [] : ['--samples', at('samples'), '-o', at('x.onnx'), ...input];
  const refused = await runHere([...given, ...rest]);
  expect(refused.stderr).toContain(`error [${code}]`);
  expect(refused.code).toBe(1);
});

test('--help', async () => {
  const { stdout, code } = await runHere(['finetune', '--help']);
  expect(code).toBe(0);
  for (const flag of ['--samples', '--finetune-steps', '--steps', '--json']) expect(stdout).toContain(flag);
});
