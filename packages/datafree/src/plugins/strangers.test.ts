import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@datafree/core';
import { encodeNpy } from '@datafree/data';
import { decodeModel, encodeModel } from '@datafree/onnx';
import type { Runtime } from '@datafree/plugin';
import { ort } from '@datafree/runtime-ort';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { network, sampleShape } from '../testing/models.ts';
import { runHere } from '../testing/terminal.ts';

let folder: string;
const before = process.cwd();

/** Rounds weights to a power of two, and says so. */
const rounding = `
  export default ({ weights = 8, activations = 8, power = 4, ...rest } = {}) => {
    const [path] = Object.keys(rest);
    if (path) throw Object.assign(new Error('is unknown'), { code: 'option-invalid', path });
    return {
      kind: 'quantizer', name: 'rounding', apiVersion: 1, options: { weights, activations, power },
      supports: { needsSamples: false, weightBits: [4, 8], activationBits: [8], deterministic: true },
      async quantize({ graph }) {
        const round = (tensor) => ({ ...tensor, data: tensor.data.map((value) => Math.round(value * 2 ** power) / 2 ** power) });
        const initializers = new Map([...graph.initializers].map(([name, tensor]) =>
          [name, tensor.dims.length > 1 && tensor.dtype === 'float32' ? round(tensor) : tensor]));
        return { graph: { ...graph, name: 'rounded', initializers }, bits: { weights, activations }, warnings: [] };
      },
    };
  };`;

const renaming = `
  export default ({ to = 'tuned' } = {}) => ({
    kind: 'fine-tuner', name: 'renaming', apiVersion: 1, options: { to },
    supports: { needsGradients: false, needsLabels: false, weightBits: [4, 8], activationBits: [8], deterministic: true },
    fineTune: async (_model, { graph, ...quantized }) =>
      ({ ...quantized, graph: { ...graph, name: to }, warnings: [...quantized.warnings, 'It is called ' + to + ' now.'] }),
  });`;

const counting = `
  export default ({ times = 1 } = {}) => ({
    kind: 'metric', name: 'counting', apiVersion: 1, options: { times },
    supports: { needsBatchNorm: false, needsLabels: false, deterministic: true },
    measure: async (_model, samples) => ({ samples: times * samples.count }),
  });`;

/** onnxruntime, of which it notes how often it compiled. */
const noting = `
  import { appendFileSync } from 'node:fs';
  export default ({ note = 'noted', ...rest } = {}) => {
    const inner = globalThis.innerRuntime;
    return { ...inner, name: 'noting', compile: (...args) => { appendFileSync(note, '.'); return inner.compile(...args); } };
  };`;

beforeAll(async () => {
  (globalThis as { innerRuntime?: Runtime }).innerRuntime = ort();
  folder = await mkdtemp(join(tmpdir(), 'datafree-test-'));
  await writeFile(join(folder, 'rounding.mjs'), rounding);
  await writeFile(join(folder, 'renaming.mjs'), renaming);
  await writeFile(join(folder, 'counting.mjs'), counting);
  await writeFile(join(folder, 'noting.mjs'), noting);
  await writeFile(join(folder, 'model.onnx'), encodeModel(network()));
  const data = new Random(5).normals(20 * sampleShape.reduce((a, b) => a * b, 1));
  await writeFile(join(folder, 'data.npy'), encodeNpy({ dtype: 'float32', dims: [20, ...sampleShape], data }));
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(() => process.chdir(folder));
afterEach(async () => {
  process.chdir(before);
  await rm(join(folder, 'datafree.config.json'), { force: true });
});

const configured = (settings: object): Promise<void> => writeFile('datafree.config.json', JSON.stringify(settings));
const common = { method: 'gaussian', samples: 8 };
const strangers = {
  quantizer: './rounding.mjs',
  quantizerOption: { power: 2 },
  finetune: true,
  finetuneMethod: './renaming.mjs',
  finetuneOption: { to: 'mine' },
  metrics: ['./counting.mjs', 'similarity'],
  metricOption: { './counting.mjs': { times: 3 }, similarity: { groups: 4 } },
};

async function compress(...args: string[]) {
  const outcome = await runHere(['compress', 'model.onnx', '-o', 'small.onnx', '--json', ...args]);
  expect(outcome.code, outcome.stderr).toBe(0);
  const graph = decodeModel(await readFile('small.onnx'));
  const weight = [...graph.initializers.values()].find(({ dims }) => dims.length === 4)!.data as Float32Array;
  return { told: outcome.json<Record<string, unknown>>(), graph, weight };
}

test('plugins of every kind are used from a config', async () => {
  await configured({ ...common, ...strangers, weights: 4 });
  const { told, graph, weight } = await compress();
  expect(told).toMatchObject({
    quantizer: 'rounding',
    fineTuner: 'renaming',
    fineTuning: null,
    bits: { weights: 4, activations: 8 },
    metrics: { counting: { samples: 24 }, similarity: { divergence: expect.any(Number) } },
  });
  expect(graph.name).toBe('mine');
  expect(weight.every((value) => Number.isInteger(value * 4))).toBe(true);
});

test('networks run on the runtime that is named', async () => {
  await configured({ ...common, runtime: './noting.mjs', runtimeOption: { note: 'configured' } });
  await compress();
  expect((await readFile('configured', 'utf8')).length).toBeGreaterThan(0);
  await compress('--runtime-option', 'note=flagged');
  expect((await readFile('flagged', 'utf8')).length).toBeGreaterThan(0);
  const measured = await runHere(['similarity', 'model.onnx', 'data.npy', '--runtime', './noting.mjs']);
  expect(measured.code, measured.stderr).toBe(0);
  const before = (await readFile('configured', 'utf8')).length;
  await compress('--runtime', 'ort', '--runtime-option', 'spinning=false');
  expect((await readFile('configured', 'utf8')).length).toBe(before);
  const other = ['-o', 'x.onnx', '--runtime', 'ort', '--runtime-option', 'spin=1'];
  expect((await runHere(['compress', 'model.onnx', ...other])).stderr).toContain('error [option-invalid]');
});

test('flags win, and leave out the options of what they replace', async () => {
  await configured({ ...common, ...strangers });
  const { told, weight } = await compress('--quantizer-option', 'power=3', '--metric-option', './counting.mjs:times=2');
  expect(told).toMatchObject({ metrics: { counting: { samples: 16 } } });
  expect(weight.some((value) => !Number.isInteger(value * 4))).toBe(true);
  const built = await compress('--quantizer', 'quantizer', '--metrics', './counting.mjs', '--no-symmetric');
  expect(built.told).toMatchObject({ quantizer: 'quantizer', fineTuner: 'renaming' });
});

test('compare and finetune take them too', async () => {
  await configured({ ...common, ...strangers, methods: ['gaussian'], seeds: 1, bits: ['4/8'], data: 'data.npy' });
  const compared = await runHere(['compare', 'model.onnx', '--json']);
  expect(compared.json(), compared.stderr).toMatchObject({ rows: [{ method: 'gaussian', bits: { weights: 4 } }] });
  const other = await runHere(['compare', 'model.onnx', '--quantizer', 'quantizer']);
  expect(other.stderr).toContain('error [resume-mismatch]');

  await configured({});
  await runHere(['compress', 'model.onnx', '-o', 'quantised.onnx', '--method', 'gaussian', '--samples', '8']);
  const tuned = await runHere([
    ...['finetune', 'model.onnx', 'quantised.onnx', '--samples', 'data.npy', '-o', 'tuned.onnx', '--json'],
    ...['--method', './renaming.mjs', '--option', 'to=third'],
  ]);
  expect(tuned.json(), tuned.stderr).toMatchObject({ method: 'renaming', preset: null, fineTuning: null });
  expect(tuned.stderr.match(/warning: It is called third now\./g)).toHaveLength(1);
  expect(decodeModel(await readFile('tuned.onnx')).name).toBe('third');
});

test.each([
  [['--quantizer', './counting.mjs'], 'plugin-invalid', 'a quantizer is needed'],
  [['--quantizer', 'none-such'], 'plugin-not-found', '@datafree/quantizer-none-such'],
  [['--finetune-method', './rounding.mjs'], 'plugin-invalid', 'a fine-tuner is needed'],
  [['--runtime', './rounding.mjs'], 'plugin-invalid', 'a runtime is needed'],
  [['--metrics', 'similarity,./renaming.mjs'], 'plugin-invalid', 'a metric is needed'],
  [['--metric-option', 'similarity:groups=4'], 'option-invalid', 'none of the metrics'],
  [['--quantizer', './rounding.mjs', '--equalization'], 'plugin-failed', 'is unknown'],
])('refuses %j', async (args, code, what) => {
  const outcome = await runHere(['compress', 'model.onnx', '-o', 'x.onnx', '--method', 'gaussian', ...args]);
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain(`error [${code}]`);
  expect(outcome.stderr).toContain(what);
});

test('a flag that names fewer methods leaves the options of the others', async () => {
  const methodOption = { bns: { iterations: 2 }, gaussian: { mean: 0.1 } };
  await configured({ methods: ['bns', 'gaussian'], methodOption, seeds: 1, samples: 8, data: 'data.npy', run: 'few' });
  const outcome = await runHere(['compare', 'model.onnx', '--methods', 'gaussian', '--json']);
  expect(outcome.json(), outcome.stderr).toMatchObject({ cells: [{ method: 'gaussian', options: { mean: 0.1 } }] });
});
