import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InputGrid, SampleBatch, SampleSet } from '@datafree/plugin';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeNpy } from '../array/npy.ts';
import { memorySamples } from '../memory.ts';
import { openData } from '../openData.ts';
import { toInput } from '../preprocess/grid.ts';
import { gridOf } from '../preprocess/preprocess.ts';
import { openSamples } from './openSamples.ts';
import { sampleWriter, writeSamples } from './writeSamples.ts';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'datafree-samples-')), 'samples');
});
afterEach(() => rm(join(folder, '..'), { recursive: true }));

const shape = [3, 2, 2];
const origin = {
  method: 'bns',
  options: { iterations: 500, lr: 0.1 },
  seed: 7,
  model: 'e3c1',
  versions: { '@datafree/synth-bns': '0.1.0' },
};

function samplesOnGrid(count: number, grid: InputGrid, labelled = true): SampleSet {
  const stored = Float32Array.from(
    { length: count * 12 },
    (_, i) => ((i * 31) % (grid.high - grid.low + 1)) + grid.low,
  );
  const labels = labelled ? Int32Array.from({ length: count }, (_, i) => i % 10) : undefined;
  return memorySamples({ shape, data: toInput(grid, stored, shape), labels });
}

async function read(samples: SampleSet, size = 100): Promise<{ data: number[]; labels: number[] }> {
  const data: number[] = [];
  const labels: number[] = [];
  for await (const batch of samples.batches(size)) {
    data.push(...batch.data.data);
    labels.push(...(batch.labels ?? []));
  }
  expect(data).toHaveLength(samples.count * 12);
  return { data, labels };
}

/** Name and content of every file of the folder. */
async function contents(place: string): Promise<Record<string, string>> {
  const names = (await readdir(place)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, (await readFile(join(place, name))).toString('base64')])),
  );
}

describe('writeSamples', () => {
  it.each(['imagenet', 'byte', { scale: 0.5847029089927673, zeroPoint: 83 }] as const)(
    'stores samples on the grid of %j as bytes, shard by shard',
    async (preprocess) => {
      const grid = gridOf(preprocess, 3)!;
      const samples = samplesOnGrid(600, grid);
      const stored = await writeSamples(folder, samples, { origin, grid });
      const dtype = grid.low < 0 ? 'int8' : 'uint8';
      expect(stored.manifest).toMatchObject({
        ...origin,
        format: 'datafree-samples',
        version: 1,
        shape,
        count: 600,
        grid,
      });
      expect(stored.manifest.shards.map((shard) => [shard.file, shard.count, shard.dtype])).toEqual([
        ['samples-00000.npy', 256, dtype],
        ['samples-00001.npy', 256, dtype],
        ['samples-00002.npy', 88, dtype],
      ]);
      expect(await read(stored)).toEqual(await read(samples));
      await stored.verify();
      const names = ['labels-00000.npy', 'labels-00001.npy', 'labels-00002.npy', 'manifest.json'];
      expect(Object.keys(await contents(folder))).toEqual([...names, ...stored.manifest.shards.map((s) => s.file)]);
    },
  );

  it('stores floats where the samples lie off the grid, or there is none', async () => {
    const data = Float32Array.from({ length: 24 }, (_, i) => Math.sin(i));
    const samples = memorySamples({ shape, data });
    for (const [i, grid] of [gridOf('imagenet', 3), gridOf({ bounds: [-1, 1] }, 3), undefined].entries()) {
      const stored = await writeSamples(`${folder}-${i}`, samples, { origin, grid });
      expect(stored.manifest.shards).toMatchObject([{ dtype: 'float32', count: 2 }]);
      expect(stored.labelled).toBe(false);
      expect((await read(stored)).data).toEqual([...data]);
      const array = decodeNpy(await readFile(join(`${folder}-${i}`, 'samples-00000.npy')));
      expect(array).toEqual({ dtype: 'float32', dims: [2, ...shape], data });
    }
  });

  it('writes the same bytes for the same samples', async () => {
    const grid = gridOf('signed', 3)!;
    await writeSamples(`${folder}-a`, samplesOnGrid(300, grid), { origin, grid });
    await writeSamples(`${folder}-b`, samplesOnGrid(300, grid), { origin, grid });
    expect(await contents(`${folder}-a`)).toEqual(await contents(`${folder}-b`));
  });

  it('limits a shard by its bytes', async () => {
    const large = memorySamples({ shape: [1, 2048, 2048], data: new Float32Array(3 * 2 ** 22) });
    const { manifest } = await writeSamples(folder, large, { origin });
    expect(manifest.shards.map((shard) => shard.count)).toEqual([2, 1]);
  });

  it('goes on after an interruption, to the same bytes', async () => {
    const grid = gridOf('unit', 3)!;
    const samples = samplesOnGrid(1000, grid);
    await writeSamples(`${folder}-whole`, samples, { origin, grid });
    const description = { origin, grid, shape, count: 1000, labelled: true };
    for (const stop of [0, 100, 300, 513, 1000]) {
      const place = `${folder}-${stop}`;
      const writer = await sampleWriter(place, description);
      expect(writer.finished).toBe(0);
      let written = 0;
      for await (const batch of samples.batches(100)) {
        if (written + 100 > stop) break;
        await writer.write(batch);
        written += 100;
      }
      // The process dies here: no close.
      await expect(openSamples(place)).rejects.toMatchObject({ code: 'data-not-found' });
      await expect(openData(place, { shape })).rejects.toThrow(/not finished/);
      expect((await sampleWriter(place, description)).finished).toBe(Math.floor(written / 256) * 256);
      await writeSamples(place, samples, { origin, grid });
      expect(await contents(place)).toEqual(await contents(`${folder}-whole`));
    }
  });

  it('reads only what is left, and nothing of a finished set', async () => {
    const grid = gridOf('unit', 3)!;
    const samples = samplesOnGrid(300, grid);
    await writeSamples(folder, samples, { origin, grid });
    const unread: SampleSet = {
      ...samples,
      // biome-ignore lint/correctness/useYield: it must not be read at all
      async *batches() {
        throw new Error('read again');
      },
    };
    expect(await read(await writeSamples(folder, unread, { origin, grid }))).toEqual(await read(samples));
  });

  it('makes damaged shards again', async () => {
    const grid = gridOf('unit', 3)!;
    const samples = samplesOnGrid(600, grid);
    await writeSamples(folder, samples, { origin, grid });
    const before = await contents(folder);
    for (const file of ['samples-00001.npy', 'labels-00000.npy']) {
      await writeFile(join(folder, file), 'broken');
      await expect((await openSamples(folder)).verify()).rejects.toMatchObject({
        code: 'data-format',
        path: join(folder, file),
      });
      await writeSamples(folder, samples, { origin, grid });
      expect(await contents(folder)).toEqual(before);
    }
  });

  it('refuses a folder with samples of another origin, unless they may be replaced', async () => {
    const grid = gridOf('unit', 3)!;
    await writeSamples(folder, samplesOnGrid(600, grid), { origin, grid });
    const before = await contents(folder);
    const other = { origin: { ...origin, seed: 8 }, grid };
    const writing = writeSamples(folder, samplesOnGrid(30, grid), other);
    await expect(writing).rejects.toMatchObject({ code: 'resume-mismatch' });
    await expect(writing).rejects.toThrow(/differ in count, seed\./);
    expect(await contents(folder)).toEqual(before);
    await writeSamples(folder, samplesOnGrid(30, grid), { ...other, existing: 'replace' });
    expect(Object.keys(await contents(folder))).toEqual(['labels-00000.npy', 'manifest.json', 'samples-00000.npy']);
  });

  it('refuses a folder with other things in it, and a file', async () => {
    const samples = samplesOnGrid(3, gridOf('unit', 3)!);
    await mkdir(folder);
    await writeFile(join(folder, 'thesis.txt'), 'mine');
    await expect(writeSamples(folder, samples, { origin, existing: 'replace' })).rejects.toMatchObject({
      code: 'output-exists',
    });
    await expect(writeSamples(join(folder, 'thesis.txt'), samples, { origin })).rejects.toMatchObject({
      code: 'output-unwritable',
    });
    expect(await readdir(folder)).toEqual(['thesis.txt']);
  });

  it('refuses batches that do not belong to what was announced', async () => {
    const writer = await sampleWriter(folder, { origin, shape, count: 2, labelled: true });
    const batch = (count: number, dims: number[], labels?: number) => ({
      data: { dtype: 'float32', dims: [count, ...dims], data: new Float32Array(count * 12) } as const,
      ...(labels === undefined ? {} : { labels: new Int32Array(labels) }),
    });
    for (const wrong of [batch(3, shape, 3), batch(1, [12], 1), batch(1, shape), batch(2, shape, 1)]) {
      await expect(writer.write(wrong)).rejects.toMatchObject({ code: 'data-shape' });
    }
    await writer.write(batch(1, shape, 1));
    await expect(writer.close()).rejects.toThrow(/2 samples were announced, 1 were written/);
  });

  it.each([
    [undefined, 'nothing where a tensor'],
    [{ data: { dtype: 'float32', dims: [2, 3, 2, 2], data: new Float32Array(5) } }, '5 values for dims [2, 3, 2, 2]'],
    [{ data: { dtype: 'float64', dims: [2, 3, 2, 2], data: new Float64Array(24) } }, 'type float64'],
  ])('refuses the batch %j, which are no samples', async (wrong, message) => {
    const error = { code: 'data-shape', path: folder, message: expect.stringContaining(message) };
    const writer = await sampleWriter(folder, { origin, shape, count: 2, labelled: false });
    await expect(writer.write(wrong as SampleBatch)).rejects.toMatchObject(error);
    const samples: SampleSet = {
      ...{ shape, count: 2, labelled: false },
      async *batches() {
        yield wrong as SampleBatch;
      },
    };
    await expect(writeSamples(folder, samples, { origin })).rejects.toMatchObject(error);
    expect(await readdir(folder)).toEqual(['manifest.partial.json']);
  });

  it('refuses samples that are not finite, and says which', async () => {
    const grid = gridOf('byte', 3);
    for (const [value, at] of [
      [Number.NaN, 0],
      [Number.POSITIVE_INFINITY, 300 * 12 + 5],
    ] as const) {
      const data = new Float32Array(310 * 12).fill(1);
      data[at] = value;
      const place = join(folder, String(value));
      await expect(writeSamples(place, memorySamples({ shape, data }), { origin, grid })).rejects.toMatchObject({
        code: 'not-finite',
        message: expect.stringContaining(`Sample ${Math.floor(at / 12)} (counted from 0) holds ${value}`),
      });
      expect(await readdir(place)).not.toContain('manifest.json');
    }
  });
});

describe('openSamples', () => {
  it('reads across shards, whatever the batch size, with a limit', async () => {
    const grid = gridOf('imagenet', 3)!;
    const samples = samplesOnGrid(600, grid);
    const whole = await read(samples);
    await writeSamples(folder, samples, { origin, grid });
    for (const size of [1, 37, 256, 300, 1000]) expect(await read(await openSamples(folder), size)).toEqual(whole);
    const limited = await openSamples(folder, { limit: 257 });
    expect(limited.count).toBe(257);
    expect(await read(limited, 200)).toEqual({
      data: whole.data.slice(0, 257 * 12),
      labels: whole.labels.slice(0, 257),
    });
  });

  it('is what openData opens, which checks the shape and takes other labels', async () => {
    const grid = gridOf('imagenet', 3)!;
    await writeSamples(folder, samplesOnGrid(4, grid, false), { origin, grid });
    expect((await openData(folder, { shape, limit: 3 })).count).toBe(3);
    await expect(openData(folder, { shape: [2, 2, 3] })).rejects.toMatchObject({ code: 'data-shape' });
    const labels = join(folder, '..', 'labels.u8');
    await writeFile(labels, Uint8Array.of(5, 6, 7, 8));
    const samples = await openData(folder, { shape, labels, limit: 3 });
    expect((await read(samples, 2)).labels).toEqual([5, 6, 7]);
  });

  it('refuses folders and manifests that are broken', async () => {
    const grid = gridOf('unit', 3)!;
    await writeSamples(folder, samplesOnGrid(3, grid), { origin, grid });
    const path = join(folder, 'manifest.json');
    const text = await readFile(path, 'utf8');
    const change = (from: string | RegExp, to: string): string => {
      expect(text).toMatch(from);
      return text.replace(from, to);
    };
    const broken = [
      '{',
      'null',
      '{}',
      change('"version": 1', '"version": 2'),
      change('"count": 3,\n  "labelled"', '"count": 4,\n  "labelled"'),
      change('"samples-00000.npy"', '"../samples-00000.npy"'),
      change('"uint8"', '"int64"'),
      change(/"scale": \[[^\]]*\]/, '"scale": ["1"]'),
    ];
    for (const manifest of broken) {
      await writeFile(path, manifest);
      await expect(openSamples(folder)).rejects.toMatchObject({ code: 'data-format' });
    }
    await writeFile(path, change('"uint8"', '"int8"'));
    await expect(read(await openSamples(folder))).rejects.toThrow(/is uint8\[3,3,2,2\], but the manifest says int8/);
    await writeFile(path, text);
    await rm(join(folder, 'samples-00000.npy'));
    await expect(read(await openSamples(folder))).rejects.toMatchObject({ code: 'data-not-found' });
    await expect(openSamples(join(folder, 'absent'))).rejects.toMatchObject({ code: 'data-not-found' });
  });
});
