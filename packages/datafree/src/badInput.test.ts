import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeNpy } from '@datafree/data';
import { encodeModel } from '@datafree/onnx';
import type { ErrorCode } from '@datafree/plugin';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { network, withOperator, withSecondInput, withSideFile, withValue } from './testing/models.ts';
import { runHere } from './testing/terminal.ts';

let folder: string;
const at = (...names: string[]): string => join(folder, ...names);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'datafree-test-'));
  const sound = encodeModel(network());
  const models: Record<string, Uint8Array | string> = {
    'sound.onnx': sound,
    'text.onnx': 'this is no model',
    'cut.onnx': sound.subarray(0, sound.length - 500),
    'empty.onnx': '',
    'plain.onnx': encodeModel(network({ batchNorm: false })),
    'folded.onnx': encodeModel(network({ batchNorm: false, weights: 'onnx::Conv_' })),
    'operator.onnx': encodeModel(withOperator(network(), { op: 'Mystery', name: 'the mystery' })),
    'opset.onnx': encodeModel({ ...network(), opset: { '': 99 } }),
    'beside.onnx': withSideFile(network(), 'weights.bin'),
    'two.onnx': encodeModel(withSecondInput(network())),
    'nan.onnx': encodeModel(withValue(network(), 'weight1', Number.NaN)),
    'infinite.onnx': encodeModel(withValue(network(), 'classifier', Number.POSITIVE_INFINITY)),
    'variance.onnx': encodeModel(withValue(network(), 'variance1', 0)),
    'negative.onnx': encodeModel(withValue(network(), 'variance2', -1)),
    'huge.onnx': '',
    'labels.u8': Uint8Array.of(0, 1, 2),
    'high.u8': Uint8Array.of(0, 1, 2, 9),
  };
  for (const [name, content] of Object.entries(models)) await writeFile(at(name), content);
  await truncate(at('huge.onnx'), 2 ** 31 + 1);
  await mkdir(at('folder.onnx'));
  await symlink('sound.onnx', at('link.onnx'));
  const array = (...dims: number[]) =>
    encodeNpy({ dtype: 'float32', dims, data: new Float32Array(dims.reduce((a, b) => a * b, 1)) });
  await writeFile(at('right.npy'), array(4, 3, 8, 8));
  await writeFile(at('wrong.npy'), array(4, 3, 9, 9));
  await writeFile(at('broken.npy'), 'not an array');
  await mkdir(at('occupied.onnx.run'));
  await writeFile(at('occupied.onnx.run', 'diary.txt'), 'mine');
  await mkdir(at('occupied'));
  await writeFile(at('occupied', 'diary.txt'), 'mine');
});
afterAll(() => rm(folder, { recursive: true }));

async function everything(): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).sort();
}

/** Runs a command that must fail, and checks all that every failure has in common. */
async function failure(args: readonly string[], code: ErrorCode, exitCode: number): Promise<string> {
  const before = await everything();
  const outcome = await runHere([...args, '--json']);
  expect(outcome.stderr).toContain(`error [${code}]: `);
  expect(outcome.stderr).not.toMatch(/^\s+at /m);
  expect(outcome.code).toBe(exitCode);
  const { error } = outcome.json<{ error: { code: string; message: string; hint?: string } }>();
  expect(error.code).toBe(code);
  expect(error.hint, error.message).toMatch(/\w/);
  expect(outcome.stderr).toContain(error.message);
  expect(await everything()).toEqual(before);
  return `${error.message} ${error.hint ?? ''}`;
}

describe('a model that cannot be used', () => {
  test.each<[file: string, code: ErrorCode, what: RegExp]>([
    ['missing.onnx', 'model-not-found', /does not exist/],
    ['folder.onnx', 'model-not-found', /folder/],
    ['text.onnx', 'model-not-onnx', /not an ONNX model/],
    ['cut.onnx', 'model-truncated', /cut off/],
    ['empty.onnx', 'model-empty', /0 bytes/],
    ['huge.onnx', 'model-too-large', /2 GB/],
    ['plain.onnx', 'batchnorm-missing', /gaussian/],
    ['folded.onnx', 'batchnorm-folded', /TrainingMode\.PRESERVE/],
    ['operator.onnx', 'operator-unknown', /Mystery.*the mystery/],
    ['opset.onnx', 'opset-unsupported', /99/],
    ['beside.onnx', 'external-data-missing', /weights\.bin/],
    ['two.onnx', 'several-inputs', /"second"/],
    ['nan.onnx', 'weight-not-finite', /weight1/],
    ['infinite.onnx', 'weight-not-finite', /classifier/],
    ['variance.onnx', 'batchnorm-variance', /BatchNormalization/],
    ['negative.onnx', 'batchnorm-variance', /-1/],
  ])('%s: %s', async (file, code, what) => {
    expect(await failure(['compress', at(file), '-o', at('out.onnx')], code, 1)).toMatch(what);
    expect(await failure(['synthesize', at(file), '-o', at('samples')], code, 1)).toMatch(what);
  });

  test.each<[file: string, code: ErrorCode]>([
    ['missing.onnx', 'model-not-found'],
    ['cut.onnx', 'model-truncated'],
    ['two.onnx', 'several-inputs'],
    ['nan.onnx', 'weight-not-finite'],
    ['operator.onnx', 'runtime-failed'],
  ])('evaluate %s: %s', async (file, code) => {
    await failure(['evaluate', at('sound.onnx'), at(file), '--data', at('right.npy')], code, 1);
  });
});

describe('an option that cannot be used', () => {
  const compress = (): string[] => ['compress', at('sound.onnx'), '-o', at('out.onnx')];

  test.each<[name: string, args: string[], what: RegExp]>([
    ['unknown', ['--frobnicate'], /--frobnicate/],
    ['misspelt', ['--wieghts', '8'], /--weights/],
    ['bits', ['--weights', '9'], /weights/],
    ['half a bit', ['--weights', '3.5'], /--weights: "3\.5" is not a whole number of bits/],
    ['range', ['--range', '1,0'], /--range: "1,0" is not low,high with low < high/],
    ['no number', ['--samples', 'many'], /many/],
    ['seed', ['--seed', '-1'], /-1/],
    ['calibration', ['--calibration', 'magic'], /calibration/],
    ['preprocessing', ['--preprocess', 'magic'], /magic/],
    ['channels', ['--mean', '1,2'], /2 values.*3 channels/],
    ['of the method', ['--option', 'iteration=4'], /iteration: there is no such option; there are .*iterations/],
    ['a value of the method', ['--option', 'iterations=few'], /iterations/],
    ['several of a list', ['--option', 'augmentations=pad, flip'], /Give a list: \["pad","flip"\]\./],
    ['one of a list of the method', ['--option', 'augmentations=pad'], /augmentations: .*Give a list: \["pad"\]\./],
    [
      'two ways to say it',
      ['--samples', '8', '--samples-per-class', '2'],
      /Only one of .*See datafree compress --help\./,
    ],
  ])('%s', async (_name, args, what) => {
    expect(await failure([...compress(), ...args], 'option-invalid', 1)).toMatch(what);
  });

  test('the plugin does not exist', async () => {
    expect(await failure([...compress(), '--method', 'magic'], 'plugin-not-found', 1)).toMatch(/magic.*gaussian/);
  });

  test('the plugin is a file that does not exist', async () => {
    const message = await failure([...compress(), '--method', './nosuch.mjs'], 'plugin-not-found', 1);
    expect(message).toMatch(/no file .*nosuch\.mjs.*Check the path/);
  });

  test('the output is the input', async () => {
    await failure(['compress', at('sound.onnx'), '-o', at('sound.onnx')], 'option-invalid', 1);
    await failure(['compress', at('sound.onnx'), '-o', at('link.onnx')], 'option-invalid', 1);
  });
});

describe('a path that cannot be used', () => {
  const sound = (): string[] => ['compress', at('sound.onnx')];
  const data = (): string[] => ['compare', at('sound.onnx'), '--data', at('right.npy'), '--methods', 'gaussian'];

  test('the report is the output', async () => {
    const message = await failure([...sound(), '-o', at('o.onnx'), '--report', at('o.onnx')], 'option-invalid', 1);
    expect(message).toMatch(/o\.onnx is the output already.*another name for the report/);
    expect(message).not.toContain('input');
  });

  test.each<[args: () => string[], what: RegExp]>([
    [() => [...sound(), '-o', ''], /--output: the path is empty/],
    [() => [...sound(), '-o', at('o.onnx'), '--report', ''], /--report: the path is empty/],
    [() => [...sound(), '-o', at('o.onnx'), '--calibrate-with', ''], /--calibrate-with: the path is empty/],
    [() => [...data(), '--run', ''], /--run: the path is empty/],
    [() => ['inspect', at('sound.onnx'), '--config', ''], /--config: the path is empty/],
    [() => ['inspect', at('sound.onnx'), '--config='], /--config: the path is empty/],
    [() => ['inspect', ''], /the path of a model file is needed/],
  ])('%s', async (args, what) => {
    expect(await failure(args(), 'option-invalid', 1)).toMatch(what);
  });

  test('the output is called as a folder', async () => {
    const args = [...sound(), '-o', `${at('fresh')}/`, '--method', 'gaussian', '--samples', '4'];
    expect(await failure(args, 'output-unwritable', 1)).toMatch(/name of a folder/);
  });
});

describe('a command line that is incomplete', () => {
  test.each<[args: string[]]>([
    [['compress']],
    [['compress', 'model.onnx']],
    [['evaluate', 'model.onnx']],
    [['similarity', 'model.onnx']],
    [['compress', 'model.onnx', '-o']],
    [['inspect', 'one.onnx', 'two.onnx']],
    [['frobnicate']],
  ])('%j', async (args) => {
    await failure(args, 'option-invalid', 2);
  });

  test('an unknown command names those that there are', async () => {
    const commands = /The commands are inspect, synthesize, compress, .*init\. See datafree --help\./;
    expect(await failure(['frobnicate'], 'option-invalid', 2)).toMatch(commands);
    expect(await failure(['inspct'], 'option-invalid', 2)).toMatch(/Did you mean inspect/);
  });

  test('nothing at all shows the help', async () => {
    const outcome = await runHere([]);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain('Usage: datafree');
  });
});

describe('data that cannot be used', () => {
  const evaluate = (...args: string[]): string[] => ['evaluate', at('sound.onnx'), '--data', ...args];

  test.each<[args: () => string[], code: ErrorCode, what: RegExp]>([
    [() => evaluate(at('missing.npy')), 'data-not-found', /does not exist/],
    [() => evaluate(at('broken.npy')), 'data-format', /broken\.npy/],
    [() => evaluate(at('wrong.npy')), 'data-shape', /9, 9/],
    [() => evaluate(at('right.npy'), '--labels', at('labels.u8')), 'labels-length', /3 labels.*one label a sample/],
    [() => evaluate(at('right.npy'), '--labels', at('high.u8')), 'labels-length', /9/],
    [() => ['similarity', at('sound.onnx'), at('wrong.npy')], 'data-shape', /9, 9/],
    [() => ['similarity', at('plain.onnx'), at('right.npy')], 'batchnorm-missing', /BatchNormalization/],
    [
      () => ['compress', at('sound.onnx'), '-o', at('out.onnx'), '--calibrate-with', at('wrong.npy')],
      'data-shape',
      /9, 9/,
    ],
  ])('%s', async (args, code, what) => {
    expect(await failure(args(), code, 1)).toMatch(what);
  });
});

describe('an output that cannot be written', () => {
  test.each<[args: () => string[], code: ErrorCode]>([
    [() => ['compress', at('sound.onnx'), '-o', at('nowhere', 'out.onnx')], 'output-unwritable'],
    [() => ['compress', at('sound.onnx'), '-o', at('folder.onnx')], 'output-unwritable'],
    [() => ['compress', at('sound.onnx'), '-o', at('sound.onnx', 'out.onnx')], 'output-unwritable'],
    [() => ['compress', at('sound.onnx'), '-o', at('out.onnx'), '--report', at('nowhere', 'r')], 'output-unwritable'],
    [() => ['compress', at('sound.onnx'), '-o', at('occupied.onnx')], 'output-exists'],
    [() => ['synthesize', at('sound.onnx'), '-o', at('nowhere', 'samples')], 'output-unwritable'],
    [() => ['synthesize', at('sound.onnx'), '-o', at('sound.onnx')], 'output-unwritable'],
    [() => ['synthesize', at('sound.onnx'), '-o', at('occupied')], 'output-exists'],
    [
      () => ['evaluate', at('sound.onnx'), '--data', at('right.npy'), '--report', at('nowhere', 'r')],
      'output-unwritable',
    ],
  ])('%s: %s', async (args, code) => {
    await failure(args(), code, 1);
  });

  test
    .runIf(existsSync('/proc/self'))
    .each<[args: () => string[]]>([
      [() => ['compress', at('sound.onnx'), '-o', '/proc/datafree.onnx', '--method', 'gaussian', '--samples', '4']],
      [() => ['synthesize', at('sound.onnx'), '-o', '/proc/datafree', '--method', 'gaussian', '--samples', '4']],
    ])('where no folder can be made, before any work: %s', async (args) => {
    const { code, stderr } = await runHere(args());
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error \[output-unwritable\]: \/proc\/datafree.* cannot be written/);
  });
});
