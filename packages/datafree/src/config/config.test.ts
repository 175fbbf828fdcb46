import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeModel } from '@datafree/onnx';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import { programFor } from '../run.ts';
import { network } from '../testing/models.ts';
import { runHere } from '../testing/terminal.ts';
import { type Config, defineConfig } from './defineConfig.ts';
import { over } from './layers.ts';
import { loadConfig } from './load.ts';
import { settingNames } from './schema.ts';

let root: string;
let folder: string;
const before = process.cwd();
const at = (name: string): string => join(folder, name);
const write = (name: string, content: string | object): Promise<void> =>
  writeFile(at(name), typeof content === 'string' ? content : JSON.stringify(content));

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'datafree-test-'));
  await writeFile(join(root, 'model.onnx'), encodeModel(network()));
});
afterAll(() => rm(root, { recursive: true }));
let count = 0;
beforeEach(async () => {
  folder = join(root, String(count++));
  await mkdir(folder);
  process.chdir(folder);
});
afterEach(() => process.chdir(before));

describe('reading', () => {
  test.each([
    [
      'ts',
      "import { defineConfig, type Config } from 'datafree';\nexport default defineConfig({ seed: 3 as number } satisfies Config);",
    ],
    ['mjs', 'export default { seed: 3 };'],
    ['js', 'module.exports = { seed: 3 };'],
    ['js', "import { defineConfig } from 'datafree'; export default defineConfig({ seed: 3 });"],
    ['json', '{ "seed": 3 }'],
  ])('.%s: %s', async (extension, content) => {
    await write(`datafree.config.${extension}`, content);
    expect(await loadConfig(`datafree.config.${extension}`)).toEqual({ seed: 3 });
  });

  test('a config wins over what it extends, the later over the earlier', async () => {
    await mkdir(at('presets'));
    await write('presets/base.json', { weights: 4, activations: 4, seed: 1, option: { iterations: 50, batch: 8 } });
    await write('presets/paper.json', { extends: ['./base.json'], activations: 6, option: { batch: 4 } });
    await write(
      'datafree.config.ts',
      `export default { extends: ['./presets/paper.json', { seed: 2, weights: 3 }], weights: 2 };`,
    );
    expect(await loadConfig('datafree.config.ts')).toEqual({
      weights: 2,
      activations: 6,
      seed: 2,
      option: { iterations: 50, batch: 4 },
    });
  });

  test.each<[content: object, path: string]>([
    [{ weigths: 4 }, 'weigths'],
    [{ weights: 9 }, 'weights'],
    [{ firstLast: { weights: 1 } }, 'firstLast.weights'],
    [{ bits: ['8/8', '4'] }, 'bits.1'],
    [{ extends: [{}, { extends: [{ seed: -1 }] }] }, 'extends.1.extends.0.seed'],
    [{ extends: [4] }, 'extends.0'],
    [{ extends: ['./datafree.config.json'] }, 'extends'],
    [{ extends: ['./missing.json'] }, 'config'],
    [[], '(config)'],
    [{ extends: [{}, []] }, 'extends.1'],
    [{ option: [1] }, 'option'],
    [{ metrics: ['similarity'], metricOption: [] }, 'metricOption'],
    [{ methods: ['bns'], methodOption: { bns: [1] } }, 'methodOption.bns'],
  ])('refuses %j, and tells where', async (content, path) => {
    await write('datafree.config.json', content);
    const refused = loadConfig('datafree.config.json');
    await expect(refused).rejects.toMatchObject({ code: 'option-invalid', path });
    if (!path.includes('config')) await expect(refused).rejects.toThrow(path);
  });

  test('says that options are an object', async () => {
    await write('datafree.config.json', { option: [1] });
    await expect(loadConfig('datafree.config.json')).rejects.toThrow('option: must be an object of options');
  });

  test('a folder, and a module that is not there, are told in a line', async () => {
    await mkdir(at('datafree.config.ts'));
    const { stderr, code } = await runHere(['inspect', '../model.onnx']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error \[option-invalid\]: .*datafree\.config\.ts: it is a folder, not a file\.$/m);
    await write('lacking.ts', "import 'no-such-package'; export default {};");
    await expect(loadConfig('lacking.ts')).rejects.toThrow(/^lacking\.ts: .*Cannot find module 'no-such-package'\.$/);
  });

  test('names what there is in place of an unknown setting', async () => {
    await write('datafree.config.json', { weigths: 4 });
    await expect(loadConfig('datafree.config.json')).rejects.toThrow(
      /weigths: there is no such option; there are seed, .*weights, activations/,
    );
  });

  test.each([
    ['broken.ts', 'export default {'],
    ['throws.ts', 'throw new Error("mine");'],
    ['nothing.ts', 'export const config = {};'],
    ['broken.json', '{'],
  ])('refuses %s', async (name, content) => {
    await write(name, content);
    await expect(loadConfig(name)).rejects.toMatchObject({ code: 'option-invalid', path: 'config' });
  });
});

describe('layers', () => {
  test.each<[base: Config, top: Config, result: Config]>([
    [{ method: 'bns', option: { iterations: 9 } }, { method: 'gaussian' }, { method: 'gaussian' }],
    [
      { method: 'bns', option: { a: 1 } },
      { method: 'bns', option: { b: 2 } },
      { method: 'bns', option: { a: 1, b: 2 } },
    ],
    [{ preprocess: 'unit' }, { mean: 1 }, { mean: 1 }],
    [{ mean: 1, std: 2 }, { std: 3 }, { mean: 1, std: 3 }],
    [{ samples: 64 }, { samplesPerClass: 2 }, { samplesPerClass: 2 }],
    [{ samplesPerClass: 2 }, { samples: 64 }, { samples: 64 }],
    [{ budget: 0.2 }, { weights: 4 }, { weights: 4 }],
    [{ weights: 4, activations: 8 }, { operationsBudget: 0.1 }, { activations: 8, operationsBudget: 0.1 }],
    [{ seed: 1 }, { seed: undefined }, { seed: 1 }],
    [{ quantizer: 'a', quantizerOption: { b: 1 } }, { quantizer: 'c' }, { quantizer: 'c' }],
    [
      { methods: ['bns', 'gaussian'], methodOption: { bns: { a: 1 }, gaussian: { b: 1 } } },
      { methods: ['gaussian'], methodOption: { gaussian: { b: 2 } } },
      { methods: ['gaussian'], methodOption: { gaussian: { b: 2 } } },
    ],
  ])('%j, over it %j', (base, top, result) => {
    expect(over(base as object, top as object)).toEqual(result);
  });
});

describe('on the command line', () => {
  const synthesize = async (...args: string[]): Promise<Record<string, unknown>> => {
    const outcome = await runHere(['synthesize', '../model.onnx', '-o', 'samples', '--json', ...args]);
    expect(outcome.code, outcome.stderr).toBe(0);
    return outcome.json();
  };
  const manifest = async () => JSON.parse(await readFile(at('samples/manifest.json'), 'utf8'));

  test('is picked up from the working directory, and flags win', async () => {
    await write('datafree.config.json', {
      method: 'bns',
      samples: 4,
      seed: 7,
      mean: 0.5,
      option: { iterations: 2, batch: 4 },
      weights: 4,
    });
    expect(await synthesize()).toMatchObject({ method: 'bns', samples: 4, seed: 7 });
    expect(await manifest()).toMatchObject({ options: { iterations: 2, batch: 4 } });
    const flags = ['--seed', '8', '--option', 'iterations=3', '--restart', '--preprocess', 'unit'];
    expect(await synthesize(...flags)).toMatchObject({ samples: 4, seed: 8 });
    expect(await manifest()).toMatchObject({ options: { iterations: 3, batch: 4 } });
    // Options of another method are left out.
    expect(await synthesize('--method', 'gaussian', '--restart')).toMatchObject({ method: 'gaussian', samples: 4 });
  });

  test('numbers of samples of a config are left out where a flag says it in another way', async () => {
    await write('datafree.config.json', { samples: 4, method: 'gaussian' });
    expect(await synthesize('--samples-per-class', '2')).toMatchObject({ samples: 10 });
    await write('datafree.config.json', { samplesPerClass: 3, method: 'gaussian' });
    expect(await synthesize('--restart')).toMatchObject({ samples: 15 });
    expect(await synthesize('--restart', '--samples', '6')).toMatchObject({ samples: 6 });
    await write('datafree.config.json', { samples: 4, samplesPerClass: 3, method: 'gaussian' });
    const { stderr } = await runHere(['synthesize', '../model.onnx', '-o', 'other']);
    expect(stderr).toContain('error [option-invalid]: Only one of --samples and --samples-per-class');
  });

  test('is the one of --config', async () => {
    await write('datafree.config.json', { samples: 4, seed: 1, method: 'gaussian' });
    await write('other.ts', 'export default { samples: 3, method: "gaussian", firstLast: "8/4" };');
    expect(await synthesize('--config', 'other.ts')).toMatchObject({ samples: 3, seed: 0 });
  });

  test('fills in what is mandatory', async () => {
    await synthesize('--method', 'gaussian', '--samples', '4');
    await write('datafree.config.json', { data: 'samples' });
    const outcome = await runHere(['evaluate', '../model.onnx', '--json']);
    expect(outcome.json()).toMatchObject({ models: [{ samples: 4, agreement: 100 }] });
  });

  test('fails before any work, but not for --help', async () => {
    await write('datafree.config.json', { colour: 'red' });
    const outcome = await runHere(['inspect', '../model.onnx']);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/error \[option-invalid\].*datafree\.config\.json: colour/);
    expect((await runHere(['inspect', '--help'])).code).toBe(0);
    const missing = await runHere(['inspect', '../model.onnx', '--config', 'nowhere.ts']);
    expect(missing.stderr).toMatch(/nowhere\.ts: it does not exist/);
  });

  test('init writes one that can be read, and does not overwrite', async () => {
    const outcome = await runHere(['init', '--json']);
    expect(outcome.json()).toEqual({ output: 'datafree.config.ts' });
    expect(await loadConfig('datafree.config.ts')).toMatchObject({ method: 'bns', bits: ['8/8', '4/4'], seeds: 3 });
    const text = await readFile(at('datafree.config.ts'), 'utf8');
    const again = await runHere(['init']);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('error [output-exists]');
    expect(await readFile(at('datafree.config.ts'), 'utf8')).toBe(text);
    expect((await runHere(['init', '--help'])).stdout).toContain('datafree.config.ts');
  });
});

test('init writes the seed and the threads that it is given', async () => {
  await runHere(['init', '--seed', '7', '--threads', '2']);
  expect(await loadConfig('datafree.config.ts')).toMatchObject({ seed: 7, threads: 2 });
  await rm(at('datafree.config.ts'));
  await runHere(['init']);
  expect(await loadConfig('datafree.config.ts')).not.toHaveProperty('seed');
  expect((await runHere(['init', '--seed', '-1'])).stderr).toContain('error [option-invalid]: --seed');
});

test('every flag is a setting, but for those of a single call', () => {
  const terminal = { stdout: { write() {} }, stderr: { write() {} }, signal: new AbortController().signal };
  const flags = programFor(terminal).commands.flatMap(({ options }) => options.map((option) => option.attributeName()));
  const single = ['config', 'json', 'csv', 'markdown', 'restart', 'only'];
  expect([...new Set(flags)].filter((name) => !single.includes(name)).sort()).toEqual([...settingNames].sort());
});

test('is typed', () => {
  expectTypeOf(defineConfig).parameter(0).toEqualTypeOf<Config>();
  // @ts-expect-error not a number of bits
  expect(defineConfig({ weights: '4' })).toEqual({ weights: '4' });
  // @ts-expect-error no such setting
  expect(defineConfig({ weigths: 4 })).toEqual({ weigths: 4 });
});
