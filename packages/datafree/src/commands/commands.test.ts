import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random, tensorOf } from '@datafree/core';
import { decodeNpy, encodeNpy } from '@datafree/data';
import { encodeModel } from '@datafree/onnx';
import type { MixedPrecision } from '@datafree/plugin';
import { ortFile } from '@datafree/runtime-ort';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { network, sampleShape } from '../testing/models.ts';
import { runHere } from '../testing/terminal.ts';

let folder: string;
let out: string;
const at = (...names: string[]): string => join(folder, ...names);
const model = (): string => at('model.onnx');

/** 40 samples of normal values, and pixels of as many samples. */
const count = 40;
const size = sampleShape.reduce((a, b) => a * b, 1);
const values = new Random(5).normals(count * size);
const pixels = Uint8Array.from(new Random(6).uniforms(count * size, 0, 256));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'datafree-test-'));
  await writeFile(model(), encodeModel(network()));
  await writeFile(at('other.onnx'), encodeModel(network({ seed: 2 })));
  await writeFile(at('plain.onnx'), encodeModel(network({ batchNorm: false })));
  await writeFile(at('fixed.onnx'), encodeModel(network({ batch: 3 })));
  await writeFile(at('values.npy'), encodeNpy({ dtype: 'float32', dims: [count, ...sampleShape], data: values }));
  await writeFile(at('pixels.u8'), pixels);
});
afterAll(() => rm(folder, { recursive: true }));

let run = 0;
beforeEach(() => {
  out = at(`out${run++}.onnx`);
});

/** A synthesis that is over soon. */
const quick = ['--samples', '8', '--option', 'iterations=4', '--option', 'batch=4'];

/** Runs a command that must succeed and gives its JSON. */
async function result<T>(...args: string[]): Promise<T> {
  const outcome = await runHere([...args, '--json']);
  expect(outcome.code, outcome.stderr).toBe(0);
  return outcome.json<T>();
}

interface Compressed {
  bytes: number;
  fp32Bytes: number;
  method: string | null;
  samples: number;
  seconds: Record<string, number>;
  fusion: { integer: number; float: number; layers: { node: string; kernel: string }[] };
  bits: { weights: number; activations: number };
  seed: number;
}

describe('inspect', () => {
  test('tells what a file holds, without data', async () => {
    const found = await result<{ operators: object[] }>('inspect', model());
    expect(found).toMatchObject({
      model: model(),
      bytes: (await stat(model())).size,
      opset: 21,
      inputs: [{ name: 'input', dtype: 'float32', shape: ['N', 3, 8, 8] }],
      outputs: [{ name: 'logits', dtype: 'float32', shape: ['N', 5] }],
      parameters: 3 * 8 * 9 + 8 * 8 * 9 + 8 * 16 * 9 + 4 * (8 + 8 + 16) + 5 * 16,
      batchNorms: [{ channels: 8 }, { channels: 8 }, { channels: 16 }],
      problems: [],
    });
    expect(found.operators).toContainEqual({ op: 'Conv', count: 3, gradient: true, kernel: 'integer' });
    expect(found.operators).toContainEqual({ op: 'Relu', count: 3, gradient: true, kernel: 'absorbed' });
  });

  test('tells what stands in the way', async () => {
    const found = await result('inspect', at('plain.onnx'));
    expect(found).toMatchObject({ batchNorms: [], estimate: null, problems: [{ code: 'batchnorm-missing' }] });
  });

  test('prints text', async () => {
    const { stdout, code } = await runHere(['inspect', model()]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/batch norms {2}3/);
    expect(stdout).toMatch(/Conv +3 +yes +integer/);
  });
});

describe('compress', () => {
  test('writes a network that onnxruntime runs with integer kernels', async () => {
    const summary = await result<Compressed>('compress', model(), '-o', out, ...quick);
    const { size: bytes } = await stat(out);
    expect(summary).toMatchObject({
      output: out,
      bytes,
      fp32Bytes: (await stat(model())).size,
      method: 'bns',
      samples: 8,
      bits: { weights: 8, activations: 8 },
      seed: 0,
    });
    const { integer, float, layers } = summary.fusion;
    expect(integer + float).toBe(layers.length);
    expect(layers.filter((layer) => layer.kernel === 'integer')).toHaveLength(integer);
    expect(integer).toBeGreaterThanOrEqual(4);
    const { synthesis, calibration, total } = summary.seconds;
    expect(total).toBeGreaterThanOrEqual((synthesis as number) + (calibration as number));
    const session = await ortFile(out);
    const { logits } = await session.run({ input: tensorOf('float32', [2, ...sampleShape], []) });
    expect(logits?.dims).toEqual([2, 5]);
    await session.dispose();
  });

  test('leaves nothing but the output, and a report that equals what it prints', async () => {
    const before = await readdir(folder);
    const report = `${out}.json`;
    const summary = await result('compress', model(), '-o', out, '--report', report, ...quick);
    expect(JSON.parse(await readFile(report, 'utf8'))).toEqual(summary);
    const added = (await readdir(folder)).filter((name) => !before.includes(name));
    expect(added.map((name) => at(name)).sort()).toEqual([out, report].sort());
  });

  test('the same seed gives the same bytes, another one others', async () => {
    const bytesOf = async (...args: string[]): Promise<Buffer> => {
      await result('compress', model(), '-o', out, ...quick, ...args);
      return readFile(out);
    };
    const first = await bytesOf('--seed', '1');
    expect((await bytesOf('--seed', '1')).equals(first)).toBe(true);
    expect((await bytesOf('--seed', '2')).equals(first)).toBe(false);
  });

  test.each(['gaussian', 'inception', 'bns+inception'])('synthesises with %s', async (method) => {
    const options = method === 'gaussian' ? ['--samples', '8'] : quick;
    const summary = await result<Compressed>('compress', model(), '-o', out, '--method', method, ...options);
    expect(summary.samples).toBe(8);
  });

  test('chooses the bits of each layer within a budget, and shows the table', async () => {
    const args = ['compress', model(), '-o', out, '--method', 'gaussian', '--samples', '16', '--budget', '0.15'];
    const { precision, bits } = await result<Compressed & { precision: MixedPrecision }>(...args);
    expect(precision.budget).toEqual({ of: 'size', share: 0.15 });
    const chosen = precision.table.find((row) => row.chosen)!;
    expect(chosen.share).toBeLessThanOrEqual(0.15);
    expect(precision.layers.map((layer) => layer.bits)).toContain(bits.weights);
    const { stdout } = await runHere([...args, '--restart']);
    expect(stdout).toContain(`${chosen.averageBits.toFixed(2)} on average`);
    expect(stdout).toContain('chosen: at most 0.15');
    for (const { node } of precision.layers) expect(stdout).toContain(node);
    const refused = await runHere([...args, '--budget', '0.01']);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('budget');
    expect(refused.stderr).not.toContain('synthesis');
    await expect(stat(`${out}.run`)).rejects.toThrow('ENOENT');
  });

  test('chooses the bits of weights and activations within a budget of operations', async () => {
    const args = ['compress', model(), '-o', out, '--method', 'gaussian', '--samples', '16'];
    const { precision } = await result<{ precision: MixedPrecision }>(...args, '--operations-budget', '0.03');
    expect(precision.budget).toEqual({ of: 'operations', share: 0.03 });
    const chosen = precision.table.find((row) => row.chosen)!;
    expect(chosen.share).toBeLessThanOrEqual(0.03);
    expect(precision.layers.map((layer) => layer.bits)).toEqual(chosen.bits);
    expect(precision.layers.map((layer) => layer.activations)).toEqual(chosen.activations);
  });

  test('a network without BatchNormalization compresses with the Gaussian method', async () => {
    const summary = await result<Compressed>('compress', at('plain.onnx'), '-o', out, '--method', 'gaussian');
    expect(summary.method).toBe('gaussian');
  });

  test('synthesises with a plugin from a file', async () => {
    const plugin = at('zeros.mjs');
    await writeFile(
      plugin,
      `export default ({ level = 0 }) => ({
        kind: 'synthesizer', name: 'level', apiVersion: 1, options: { level },
        supports: { needsBatchNorm: false, needsGradients: false, labels: false, deterministic: true },
        async synthesize(model, { count }) {
          const shape = model.input.shape.slice(1);
          const size = shape.reduce((a, b) => a * b, 1);
          return { shape, count, labelled: false, async *batches(step) {
            for (let i = 0; i < count; i += step) {
              const n = Math.min(step, count - i);
              yield { data: { dtype: 'float32', dims: [n, ...shape], data: new Float32Array(n * size).fill(level) } };
            }
          } };
        },
      });`,
    );
    const summary = await result<Compressed>('compress', model(), '-o', out, '--method', plugin, '--option', 'level=2');
    expect(summary.method).toBe('level');
  });

  test('calibrates on data of your own', async () => {
    const summary = await result<Compressed>('compress', model(), '-o', out, '--calibrate-with', at('values.npy'));
    expect(summary).toMatchObject({ method: null, calibrateWith: at('values.npy'), samples: count });
  });

  test('warns of flags that have no effect beside data of your own', async () => {
    const compress = ['compress', model(), '-o', out, '--calibrate-with', at('values.npy')];
    const { stderr } = await runHere([...compress, '--samples', '5', '--method', 'gaussian']);
    expect(stderr).toContain('--samples and --method have no effect beside --calibrate-with: --limit takes fewer');
    const limited = await runHere([...compress, '--limit', '5', '--option', 'iterations=4', '--json']);
    expect(limited.stderr).toContain('warning: --option has no effect beside --calibrate-with.');
    expect(limited.json()).toMatchObject({ samples: 5 });
    expect((await runHere(compress)).stderr).not.toContain('no effect');
  });

  test('quantises as the flags say', async () => {
    const flags = ['--weights', '4', '--activations', '6', '--exclude', '*'];
    const summary = await result<Compressed>('compress', model(), '-o', out, ...quick, ...flags);
    expect(summary).toMatchObject({ bits: { weights: 4, activations: 6 }, fusion: { integer: 0 } });
  });

  test('prints text, and progress as lines', async () => {
    const { stdout, stderr } = await runHere(['compress', model(), '-o', out, ...quick]);
    expect(stdout).toMatch(/integer kernels {2}\d+ of \d+ layers/);
    expect(stderr).toMatch(/^synthesis: 8\/8 iterations/m);
    expect(stderr).toMatch(/^calibration: /m);
  });

  test('says nothing but the result when quiet', async () => {
    const { stdout, stderr } = await runHere(['compress', model(), '-o', out, ...quick, '--quiet']);
    expect(stderr).toBe('');
    expect(stdout).toContain(out);
  });
});

describe('an interrupted compression', () => {
  const interrupt = async (when: RegExp, ...args: string[]) => {
    const controller = new AbortController();
    return runHere(['compress', model(), '-o', out, ...quick, ...args], {
      signal: controller.signal,
      onWrite: (text) => {
        if (when.test(text)) controller.abort();
      },
    });
  };

  test.each([/synthesis: 1\//, /synthesis: 5\//, /synthesis: 8\//, /calibration: /])(
    'at %s goes on with the same command, to the same bytes',
    async (when) => {
      const whole = at('whole.onnx');
      await result('compress', model(), '-o', whole, ...quick);
      const stopped = await interrupt(when);
      expect(stopped.code).toBe(130);
      expect(stopped.stderr).toContain('error [aborted]');
      await expect(stat(out)).rejects.toThrow('ENOENT');
      const kept = await readdir(`${out}.run`).catch(() => []);
      if (kept.length > 0) expect(stopped.stderr).toContain(`${out}.run`);
      await result('compress', model(), '-o', out, ...quick);
      expect((await readFile(out)).equals(await readFile(whole))).toBe(true);
      await expect(stat(`${out}.run`)).rejects.toThrow('ENOENT');
    },
  );

  test('does not go on with other options or another model unless it is told to start again', async () => {
    await interrupt(/calibration: /);
    const command = ['compress', model(), '-o', out, ...quick];
    for (const args of [
      [...command, '--seed', '9'],
      [...command, '--weights', '4'],
      [...command, '--preprocess', 'unit'],
      ['compress', at('other.onnx'), '-o', out, ...quick],
    ]) {
      const refused = await runHere(args);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/error \[resume-mismatch\]: The unfinished run in .*\.onnx\.run differs in: \w+/);
      expect(refused.stderr).toContain(`delete ${out}.run (--restart`);
    }
    await result(...command, '--seed', '9', '--restart');
    const fresh = at('fresh.onnx');
    await result('compress', model(), '-o', fresh, ...quick, '--seed', '9');
    expect((await readFile(out)).equals(await readFile(fresh))).toBe(true);
  });
});

describe('samples that the learner takes as they appear', () => {
  const learning = (to: string): string[] => [
    ...['compress', model(), '-o', to, '--samples', '32', '--option', 'iterations=5', '--option', 'batch=8'],
    ...['--calibrate-samples', '8', '--finetune-steps', '120', '--finetune-option', 'batch=4'],
  ];

  test('it begins before the last ones are made, and the same seed gives the same bytes', async () => {
    const { stderr, code } = await runHere(learning(out));
    expect(code, stderr).toBe(0);
    const at = (event: string): number => stderr.indexOf(event);
    expect(at('synthesis: 4/20')).toBeGreaterThan(-1);
    expect(at('fine-tuning: 1/120')).toBeGreaterThan(at('calibration: '));
    expect(at('synthesis: 20/20')).toBeGreaterThan(at('fine-tuning: 1/120'));
    const again = `${out}.again.onnx`;
    const summary = await result<Compressed>(...learning(again), '--quiet');
    expect(summary.samples).toBe(32);
    expect((await readFile(again)).equals(await readFile(out))).toBe(true);
    const all = `${out}.all.onnx`;
    await result(...learning(all), '--calibrate-samples', '32');
    expect((await readFile(all)).equals(await readFile(out))).toBe(false);
  });

  test.each([/synthesis: 4\//, /synthesis: 10\//, /fine-tuning: 1\//, /synthesis: 18\//, /fine-tuning: 1[01]\d\//])(
    'interrupted at %s, it goes on to the same bytes',
    async (when) => {
      const whole = `${out}.whole.onnx`;
      await result(...learning(whole));
      const controller = new AbortController();
      const stopped = await runHere(learning(out), {
        signal: controller.signal,
        onWrite: (text) => {
          if (when.test(text)) controller.abort();
        },
      });
      expect(stopped.code).toBe(130);
      await result(...learning(out));
      expect((await readFile(out)).equals(await readFile(whole))).toBe(true);
      await expect(stat(`${out}.run`)).rejects.toThrow('ENOENT');
    },
  );

  test('more samples to calibrate on than there are to be are refused', async () => {
    const refused = await runHere(['compress', model(), '-o', out, ...quick, '--calibrate-samples', '9']);
    expect(refused.stderr).toMatch(/\[option-invalid\].*--calibrate-samples: there are 8 samples, not 9/);
  });
});

describe('synthesize', () => {
  const samplesAt = (): string => out.replace('.onnx', '-samples');

  test('writes samples and a contact sheet', async () => {
    const target = samplesAt();
    const summary = await result<{ contactSheet: string; classes: number[]; diversity: number }>(
      'synthesize',
      model(),
      '-o',
      `${target}/`,
      '--preprocess',
      'unit',
      ...quick,
    );
    expect(summary).toMatchObject({ method: 'bns', samples: 8, shape: [3, 8, 8], labelled: false, seed: 0 });
    expect(summary.classes).toHaveLength(5);
    expect(summary.classes.reduce((a, b) => a + b)).toBe(8);
    expect(summary.diversity).toBeGreaterThan(0);
    const { stdout } = await runHere(['synthesize', model(), '-o', target, '--preprocess', 'unit', ...quick]);
    expect(stdout).toMatch(/classes {8}\d of 5 seen, \d to \d samples each/);
    expect(stdout).toContain(`diversity      ${summary.diversity.toFixed(3)}`);
    const png = await readFile(summary.contactSheet);
    expect([...png.subarray(1, 4)]).toEqual([...Buffer.from('PNG')]);
    expect((await readdir(target)).sort()).toEqual(['contact-sheet.png', 'manifest.json', 'samples-00000.npy']);
    await expect(stat(`${target}.run`)).rejects.toThrow('ENOENT');
  });

  test('interrupted, it goes on with the same command, to the same bytes', async () => {
    const target = samplesAt();
    const whole = `${target}-whole`;
    const command = (folder: string): string[] => [
      'synthesize',
      model(),
      '-o',
      folder,
      '--preprocess',
      'unit',
      ...quick,
    ];
    await result(...command(whole));
    const controller = new AbortController();
    const stopped = await runHere(command(target), {
      signal: controller.signal,
      onWrite: (text) => {
        if (/synthesis: [5-8]\//.test(text)) controller.abort();
      },
    });
    expect(stopped.code).toBe(130);
    await expect(stat(target)).rejects.toThrow('ENOENT');
    expect((await readdir(`${target}.run`)).length).toBeGreaterThan(0);
    await result(...command(target));
    await expect(stat(`${target}.run`)).rejects.toThrow('ENOENT');
    for (const name of await readdir(whole)) {
      expect((await readFile(join(target, name))).equals(await readFile(join(whole, name))), name).toBe(true);
    }
  });

  test('its samples calibrate to the same bytes as compress makes of them', async () => {
    const target = samplesAt();
    await result('synthesize', model(), '-o', target, '--preprocess', 'unit', ...quick);
    const direct = `${out}.direct.onnx`;
    await result('compress', model(), '-o', out, '--calibrate-with', target, '--preprocess', 'unit');
    await result('compress', model(), '-o', direct, '--preprocess', 'unit', ...quick);
    expect((await readFile(out)).equals(await readFile(direct))).toBe(true);
  });

  test('makes as many samples of each class as are asked for', async () => {
    const target = samplesAt();
    const flags = ['--method', 'inception', '--samples-per-class', '3', '--option', 'iterations=2'];
    expect(await result('synthesize', model(), '-o', target, ...flags)).toMatchObject({ samples: 15, labelled: true });
    const { data } = decodeNpy(await readFile(join(target, 'labels-00000.npy')), 'labels');
    expect([...(data as Int32Array)].sort()).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]);
    const gaussian = ['--method', 'gaussian', '--samples-per-class', '2'];
    expect(await result('compress', model(), '-o', out, ...gaussian)).toMatchObject({ samples: 10 });
  });

  test('refuses a number for each class beside one for all', async () => {
    const target = samplesAt();
    const flags = ['-o', target, '--method', 'gaussian', '--samples-per-class', '2'];
    const both = await runHere(['synthesize', model(), ...flags, '--samples', '4']);
    expect(both.stderr).toContain('[option-invalid]: Only one of --samples and --samples-per-class');
    await expect(stat(target)).rejects.toThrow('ENOENT');
  });

  test('does the same again, but replaces other samples only when told to', async () => {
    const target = samplesAt();
    const command = ['synthesize', model(), '-o', target, ...quick];
    await result(...command);
    await result(...command);
    const refused = await runHere([...command, '--seed', '1']);
    expect(refused.stderr).toContain('error [resume-mismatch]');
    await result(...command, '--seed', '1', '--restart');
    expect(JSON.parse(await readFile(join(target, 'manifest.json'), 'utf8'))).toMatchObject({ seed: 1 });
  });
});

describe('evaluate', () => {
  interface Evaluated {
    batch: number;
    models: {
      model: string;
      samples: number;
      top1: number | null;
      top5: number | null;
      agreement: number;
      cosine: number;
      msPerSample: number;
      bytes: number;
    }[];
  }

  /** Classes that a model decides for, computed one sample at a time. */
  async function classesOf(path: string, inputs: Float32Array): Promise<Uint8Array> {
    const session = await ortFile(path);
    const classes = new Uint8Array(inputs.length / size);
    for (let n = 0; n < classes.length; n++) {
      const data = inputs.subarray(n * size, (n + 1) * size);
      const { logits } = await session.run({ input: { dtype: 'float32', dims: [1, ...sampleShape], data } });
      const scores = logits?.data as Float32Array;
      classes[n] = scores.indexOf(Math.max(...scores));
    }
    await session.dispose();
    return classes;
  }

  test('accuracy and agreement are those of an independent count', async () => {
    const first = await classesOf(model(), values);
    const second = await classesOf(at('other.onnx'), values);
    const labels = at('labels.u8');
    // Half of the labels are what the first model says.
    await writeFile(
      labels,
      first.map((label, i) => (i % 2 ? label : (label + 1) % 5)),
    );
    const agreed = first.filter((label, i) => label === second[i]).length;
    const correct = second.filter((label, i) => label === (i % 2 ? first[i] : ((first[i] as number) + 1) % 5)).length;
    const found = await result<Evaluated>(
      'evaluate',
      model(),
      at('other.onnx'),
      '--data',
      at('values.npy'),
      '--labels',
      labels,
      '--batch',
      '16',
    );
    expect(found.batch).toBe(16);
    expect(found.models).toMatchObject([
      { model: model(), samples: count, top1: 50, top5: 100, agreement: 100, bytes: (await stat(model())).size },
      { model: at('other.onnx'), samples: count, top1: (100 * correct) / count, agreement: (100 * agreed) / count },
    ]);
    expect(found.models[0]!.cosine).toBeCloseTo(1, 6);
    for (const { msPerSample } of found.models) expect(msPerSample).toBeGreaterThan(0);
  });

  test('without labels there is no accuracy; a fixed batch is no hindrance', async () => {
    const found = await result<Evaluated>('evaluate', model(), at('fixed.onnx'), '--data', at('values.npy'));
    expect(found.models).toMatchObject([
      { top1: null, top5: null, agreement: 100 },
      { top1: null, top5: null, agreement: 100 },
    ]);
    expect(found.models[1]!.cosine).toBeCloseTo(1, 5);
  });

  test('a samples folder gives the shape that the file leaves open, another shape is refused', async () => {
    const open = network();
    const input = { ...open.inputs[0]!, shape: ['N', 3, 'H', 'W'] };
    await writeFile(at('open.onnx'), encodeModel({ ...open, inputs: [input] }));
    await result('synthesize', model(), '-o', at('stored'), '--method', 'gaussian', '--samples', '4');
    const found = await result<Evaluated>('evaluate', at('open.onnx'), '--data', at('stored'));
    expect(found.models[0]).toMatchObject({ samples: 4, agreement: 100 });
    const given = await runHere(['evaluate', at('open.onnx'), '--data', at('stored'), '--input-shape', '3,9,9']);
    expect(given.stderr).toMatch(/\[data-shape\].*8, 8.*9, 9/);
  });

  test('reads raw pixels as the flags say', async () => {
    const inputs = new Float32Array(count * size);
    // Bytes are H, W, C; the network takes C, H, W.
    for (let n = 0; n < count; n++)
      for (let p = 0; p < 64; p++)
        for (let c = 0; c < 3; c++)
          inputs[n * size + c * 64 + p] = ((pixels[n * size + p * 3 + c] as number) / 255 - 0.5) / 0.25;
    const classes = await classesOf(model(), inputs);
    await writeFile(at('pixels.labels.u8'), classes);
    const found = await result<Evaluated>(
      'evaluate',
      model(),
      '--data',
      at('pixels.u8'),
      '--shape',
      '8,8,3',
      '--labels',
      at('pixels.labels.u8'),
      '--mean',
      '0.5',
      '--std',
      '0.25',
    );
    expect(found.models[0]!.top1).toBe(100);
  });

  test('a range that begins below zero needs no trick', async () => {
    const flags = ['--range', '-1,1', '--shape', '8,8,3'];
    const found = await result<Evaluated>('evaluate', model(), '--data', at('pixels.u8'), ...flags);
    expect(found.models[0]!.samples).toBe(count);
  });

  test('prints a table', async () => {
    const { stdout } = await runHere(['evaluate', model(), '--data', at('values.npy'), '--limit', '8']);
    expect(stdout).toMatch(/model +top-1 % +top-5 % +agreement %/);
    expect(stdout).toContain('8 samples, batches of 8');
  });
});

describe('similarity', () => {
  test('prefers what is nearer to the statistics of the network', async () => {
    const target = out.replace('.onnx', '-similar');
    await result('synthesize', model(), '-o', target, '--samples', '32', '--option', 'iterations=60');
    const found = await result<{ data: { name: string; divergence: number; spread: number; layers: object[] }[] }>(
      'similarity',
      model(),
      target,
      at('values.npy'),
    );
    expect(found.data.map((set) => set.name)).toEqual([target, at('values.npy')]);
    const [synthetic, noise] = found.data as [(typeof found.data)[0], (typeof found.data)[0]];
    expect(synthetic.divergence + synthetic.spread).toBeLessThan(noise.divergence - noise.spread);
    expect(synthetic.layers).toHaveLength(3);
  });

  test('prints a table, of the layers too', async () => {
    const { stdout } = await runHere(['similarity', model(), at('values.npy'), '--layers']);
    expect(stdout).toMatch(/data +samples +divergence/);
    expect(stdout.split('\n').length).toBeGreaterThan(6);
  });
});

describe('help', () => {
  test.each(['inspect', 'synthesize', 'compress', 'evaluate', 'similarity'])('%s', async (command) => {
    const { code, stdout, stderr } = await runHere([command, '--help']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const flag of ['--json', '--seed', '--threads', '--quiet']) expect(stdout).toContain(flag);
  });

  test('lists the commands; tells the version', async () => {
    const { stdout } = await runHere(['--help']);
    for (const command of ['inspect', 'synthesize', 'compress', 'evaluate', 'similarity']) {
      expect(stdout).toContain(command);
    }
    expect((await runHere(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+/);
  });
});
