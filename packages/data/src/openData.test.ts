import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { tensorOf } from '@datafree/core';
import type { SampleSet } from '@datafree/plugin';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeNpy, type NpyDType } from './array/npy.ts';
import { type DataOptions, openData } from './openData.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'datafree-data-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function put(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

const npy = (dtype: NpyDType, dims: readonly number[], values: ArrayLike<number>): Uint8Array =>
  encodeNpy(tensorOf(dtype, dims, values));
const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251);

async function read(samples: SampleSet, size = 2): Promise<{ data: number[]; labels: number[]; sizes: number[] }> {
  const data: number[] = [];
  const labels: number[] = [];
  const sizes: number[] = [];
  for await (const batch of samples.batches(size)) {
    expect(batch.data.dims.slice(1)).toEqual(samples.shape);
    expect(batch.labels !== undefined).toBe(samples.labelled);
    data.push(...batch.data.data);
    labels.push(...(batch.labels ?? []));
    sizes.push(batch.data.dims[0]!);
  }
  expect(sizes.reduce((a, b) => a + b, 0)).toBe(samples.count);
  return { data, labels, sizes };
}

const shape = [3, 2, 2];
/** Five samples of shape [2, 2, 3] as pixels, and as channels-first inputs. */
const pixels = counting(60);
const firsts = Array.from({ length: 60 }, (_, i) => {
  const [n, c, p] = [Math.floor(i / 12), Math.floor((i % 12) / 4), i % 4];
  return pixels[n * 12 + p * 3 + c]!;
});

describe('openData with raw bytes', () => {
  it('reads pixels channels last, as the network’s shape has it', async () => {
    const path = await put('a.u8', pixels);
    const samples = await openData(path, { shape });
    expect(samples).toMatchObject({ shape, count: 5, labelled: false });
    expect(await read(samples)).toEqual({ data: firsts, labels: [], sizes: [2, 2, 1] });
  });

  it('takes a shape, a preprocessing, labels and a limit', async () => {
    const path = await put('a.u8', pixels);
    const labels = await put('a.labels.u16', new Uint8Array(Uint16Array.of(1, 2, 3, 999, 5).buffer));
    const samples = await openData(path, { shape, rawShape: [2, 2, 3], preprocess: 'signed', labels, limit: 4 });
    const { data, labels: read4 } = await read(samples, 3);
    expect(read4).toEqual([1, 2, 3, 999]);
    data.forEach((value, i) => void expect(value).toBeCloseTo((firsts[i]! / 255) * 2 - 1, 6));
    expect(data).toHaveLength(48);
  });

  it('inflates .gz', async () => {
    const path = await put('a.u8.gz', gzipSync(pixels));
    const labels = await put('y.u8.gz', gzipSync(Uint8Array.of(4, 3, 2, 1, 0)));
    expect(await read(await openData(path, { shape, labels }))).toEqual({
      data: firsts,
      labels: [4, 3, 2, 1, 0],
      sizes: [2, 2, 1],
    });
  });

  it('dequantises int8', async () => {
    const path = await put('k.i8', new Uint8Array(Int8Array.of(-128, 83, 127, 0).buffer));
    const samples = await openData(path, {
      shape: [1, 2, 1],
      rawShape: [2, 1, 1],
      preprocess: { scale: 0.5, zeroPoint: 83 },
    });
    expect((await read(samples)).data).toEqual([-105.5, 0, 22, -41.5]);
    expect((await read(await openData(path, { shape: [1, 2, 1] }))).data).toEqual([-128, 83, 127, 0]);
    const gz = await put('k.i8.gz', gzipSync(new Uint8Array(Int8Array.of(-128, 83).buffer)));
    expect((await read(await openData(gz, { shape: [1, 2, 1], preprocess: 'byte' }))).data).toEqual([0, 211]);
  });

  it('reads whatever the batch size', async () => {
    const path = await put('a.u8', pixels);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), async (size, limit) => {
        const { data } = await read(await openData(path, { shape, limit }), size);
        expect(data).toEqual(firsts.slice(0, 12 * limit));
      }),
      { numRuns: 30 },
    );
  });

  it.runIf(existsSync('/proc/self/fd'))('closes the file when the reader stops early', async () => {
    const path = await put('early.u8', pixels);
    const opened = async (): Promise<number> => {
      const numbers = await readdir('/proc/self/fd');
      const targets = await Promise.all(numbers.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
      return targets.filter((target) => target === path).length;
    };
    const samples = await openData(path, { shape });
    for await (const batch of samples.batches(1)) {
      expect(batch.data.data[0]).toBe(0);
      expect(await opened()).toBe(1);
      break;
    }
    expect(await opened()).toBe(0);
  });

  it('notices that the file became shorter', async () => {
    const path = await put('short.u8', pixels);
    const samples = await openData(path, { shape });
    await writeFile(path, pixels.subarray(0, 30));
    await expect(read(samples)).rejects.toMatchObject({ code: 'data-format' });
  });
});

describe('openData with arrays', () => {
  it.each([
    ['float32', [5, 3, 2, 2], firsts],
    ['float64', [5, 3, 2, 2], firsts],
    ['float32', [5, 2, 2, 3], [...pixels]],
    ['int64', [5, 2, 2, 3], [...pixels]],
    ['uint16', [5, 2, 2, 3], [...pixels]],
  ] as const)('reads %s %j as they are', async (dtype, dims, values) => {
    const path = await put('x.npy', npy(dtype, dims, values));
    expect((await read(await openData(path, { shape }))).data).toEqual(firsts);
  });

  it('converts 8-bit and whole numbers by the preprocessing, but not floats', async () => {
    const preprocess = { range: [0, 510] } as const;
    for (const dtype of ['uint8', 'int32'] as const) {
      const path = await put('x.npy', npy(dtype, [5, 2, 2, 3], pixels));
      expect((await read(await openData(path, { shape, preprocess }))).data).toEqual(firsts.map((v) => 2 * v));
    }
    const path = await put('x.npy', npy('float32', [5, 2, 2, 3], pixels));
    expect((await read(await openData(path, { shape, preprocess }))).data).toEqual(firsts);
  });

  it('warns of a preprocessing that floats do not get, and of values far outside its range', async () => {
    const said: string[] = [];
    const logger = { debug() {}, info() {}, warn: (message: string) => void said.push(message) };
    const floats = await put('far.npy', npy('float32', [5, 2, 2, 3], pixels));
    const bytes = await put('near.npy', npy('uint8', [5, 2, 2, 3], pixels));
    const samples = await openData(floats, { shape, preprocess: 'unit', logger });
    expect(said).toEqual([expect.stringMatching(/far\.npy holds float32 values.*preprocessing is not applied/)]);
    await read(samples);
    expect(said.slice(1)).toEqual([expect.stringMatching(/far\.npy holds \d+, but .* from 0 to 1/)]);
    await read(samples);
    for (const preprocess of ['none', 'byte', { bounds: [0, 255] }] as const)
      await read(await openData(floats, { shape, preprocess, logger }));
    await read(await openData(bytes, { shape, preprocess: 'unit', logger }));
    expect(said).toHaveLength(2);
  });

  it('reads 16-bit floats', async () => {
    const bytes = encodeNpy({ dtype: 'float16', dims: [2, 1], data: Uint16Array.of(0x3e00, 0xc000) });
    expect((await read(await openData(await put('h.npy', bytes), { shape: [1] }))).data).toEqual([1.5, -2]);
  });

  it('reads .npy.gz and .npz with its labels', async () => {
    const array = npy('uint8', [5, 2, 2, 3], pixels);
    const gz = await put('x.npy.gz', gzipSync(array));
    expect((await read(await openData(gz, { shape }))).data).toEqual(firsts);
    const npz = await put('x.npz', zipSync({ 'images.npy': array, 'y.npy': npy('int64', [5], [1, 0, 1, 0, 1]) }));
    expect(await read(await openData(npz, { shape, limit: 3 }))).toMatchObject({
      data: firsts.slice(0, 36),
      labels: [1, 0, 1],
    });
    const labels = await put('y.npy', npy('int32', [5, 1], [9, 8, 7, 6, 5]));
    expect((await read(await openData(npz, { shape, labels }))).labels).toEqual([9, 8, 7, 6, 5]);
  });

  it('takes one sample without a batch axis', async () => {
    const path = await put('one.npy', npy('uint8', [2, 2, 3], pixels.subarray(0, 12)));
    expect(await read(await openData(path, { shape }))).toMatchObject({ data: firsts.slice(0, 12), sizes: [1] });
  });

  it('refuses values that are no input', async () => {
    const nan = await put('nan.npy', npy('float32', [1, 1], [Number.NaN]));
    await expect(read(await openData(nan, { shape: [1] }))).rejects.toMatchObject({ code: 'data-format' });
    const wide = await put('wide.npy', npy('int16', [1, 1], [256]));
    await expect(read(await openData(wide, { shape: [1], preprocess: 'unit' }))).rejects.toMatchObject({
      code: 'data-format',
    });
    expect((await read(await openData(wide, { shape: [1] }))).data).toEqual([256]);
  });
});

describe('openData refuses', () => {
  const refuse = async (
    code: string,
    path: string,
    options: Partial<DataOptions> = {},
    message = /./,
  ): Promise<void> => {
    const opening = openData(path, { shape, ...options });
    await expect(opening).rejects.toMatchObject({ code });
    await expect(opening).rejects.toThrow(message);
  };

  it('what is not there', async () => {
    await refuse('data-not-found', join(folder, 'absent.npy'), {}, /absent\.npy does not exist/);
    await refuse('data-not-found', await put('a.u8', pixels), { labels: join(folder, 'absent.u8') });
    await refuse('data-not-found', join(await put('a.u8', pixels), 'inside.npy'));
  });

  it('unknown and broken formats', async () => {
    await refuse('data-format', await put('a.mat', pixels), {}, /format cannot be told/);
    await refuse('data-format', await put('b.npy', pixels));
    await refuse('data-format', await put('c.npz', pixels));
    await refuse('data-format', await put('d.u8.gz', pixels), {}, /not a gzip file/);
  });

  it('samples of another shape, with both shapes', async () => {
    await refuse(
      'data-shape',
      await put('e.u8', counting(59)),
      {},
      /59 bytes do not make whole samples of shape \[2, 2, 3\]/,
    );
    await refuse('data-shape', await put('f.u8', pixels), { rawShape: [2, 6, 1] }, /\[2, 6, 1\].*\[3, 2, 2\]/);
    const other = await put('g.npy', npy('uint8', [5, 4, 3], pixels));
    await refuse('data-shape', other, {}, /\[4, 3\].*\[3, 2, 2\]/);
  });

  it('nothing at all', async () => {
    await refuse('data-empty', await put('h.u8', new Uint8Array()));
    await refuse('data-empty', await put('i.npy', npy('uint8', [0, 2, 2, 3], [])));
  });

  it('labels that do not fit', async () => {
    const path = await put('j.u8', pixels);
    await refuse('labels-length', path, { labels: await put('k.u8', counting(4)) }, /4 labels for 5 samples/);
    await refuse('labels-length', path, { labels: await put('k.u16', counting(9)) }, /9 bytes/);
    await refuse(
      'labels-length',
      path,
      { labels: await put('k.npy', npy('float32', [5], [0, 1, 2, 3, 0.5])) },
      /no class/,
    );
    await refuse('labels-length', path, { labels: await put('k.npy', npy('int8', [5], [0, 1, 2, 3, -1])) }, /no class/);
    await refuse('labels-length', path, { labels: await put('k.u8', counting(5)), classes: 4 }, /label 4 is 4/);
  });

  it('a limit below one, and a mean for other channels', async () => {
    const path = await put('l.u8', pixels);
    await refuse('option-invalid', path, { limit: 0 });
    await refuse('option-invalid', path, { limit: 1.5 });
    await refuse('option-invalid', path, { preprocess: { mean: [1, 2] } });
  });

  it('options that there are not, and no shape', async () => {
    const path = await put('n.u8', pixels);
    const refusal = (options: unknown) => openData(path, options as DataOptions).catch((error) => error.toJSON());
    expect(await refusal({ shape, preproces: 'imagenet' })).toMatchObject({
      code: 'option-invalid',
      path: 'preproces',
      message: expect.stringMatching(/openData: preproces: there is no such option; there are .*preprocess/),
    });
    expect(await refusal(undefined)).toMatchObject({ code: 'option-invalid', path: '(options)' });
    for (const wrong of [{}, { shape: '3,2,2' }, { shape: [3, 0] }, { shape: ['N', 3] }]) {
      expect(await refusal(wrong)).toMatchObject({ code: 'option-invalid', path: 'shape' });
    }
  });

  it('a file of labels without a known name is told by its size', async () => {
    const path = await put('m.u8', pixels);
    const one = await put('labels.bin', counting(5));
    expect((await read(await openData(path, { shape, labels: one }))).labels).toEqual([0, 1, 2, 3, 4]);
    const two = await put('labels.bin', new Uint8Array(Uint16Array.of(300, 1, 2, 3, 4).buffer));
    expect((await read(await openData(path, { shape, labels: two }))).labels).toEqual([300, 1, 2, 3, 4]);
  });
});
