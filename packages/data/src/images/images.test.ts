import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openData } from '../openData.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'datafree-images-'));
});
afterAll(() => rm(root, { recursive: true }));

/** A picture of one colour, or of the given pixels. */
function png(width: number, height: number, channels: number, data: (index: number) => number): Uint8Array {
  const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => data(i));
  return encode({ width, height, channels, data: pixels });
}

async function folderOf(name: string, files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const folder = join(root, name);
  await mkdir(folder);
  for (const [file, bytes] of Object.entries(files)) {
    await mkdir(join(folder, file, '..'), { recursive: true });
    await writeFile(join(folder, file), bytes);
  }
  return folder;
}

const plain = (value: number): Uint8Array => png(2, 2, 3, () => value);

async function firstValues(folder: string, options: Partial<Parameters<typeof openData>[1]> = {}) {
  const samples = await openData(folder, { shape: [3, 2, 2], ...options });
  const values: number[] = [];
  const labels: number[] = [];
  for await (const batch of samples.batches(2)) {
    for (let i = 0; i < batch.data.data.length; i += 12) values.push(batch.data.data[i]!);
    labels.push(...(batch.labels ?? []));
  }
  expect(values).toHaveLength(samples.count);
  return { values, labels };
}

describe('a folder of images', () => {
  it('takes sub-folders as classes, in the order of the names', async () => {
    const folder = await folderOf('classes', {
      'dog/b.png': plain(40),
      'dog/a.PNG': plain(30),
      'cat/z.png': plain(10),
      'cat/notes.txt': new Uint8Array(3),
      'ape/readme.md': new Uint8Array(3),
      '.hidden/x.png': plain(99),
      'bird/.x.png': plain(99),
    });
    expect(await firstValues(folder)).toEqual({ values: [10, 30, 40], labels: [0, 1, 1] });
  });

  it('spreads a limit over the whole folder', async () => {
    const files = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`c${i >> 1}/${i}.png`, plain(i)]));
    const folder = await folderOf('limit', files);
    expect(await firstValues(folder, { limit: 3 })).toEqual({ values: [0, 2, 4], labels: [0, 1, 2] });
    expect(await firstValues(folder, { limit: 9 })).toMatchObject({ labels: [0, 0, 1, 1, 2, 2] });
  });

  it('has no labels without sub-folders, but takes a file of them', async () => {
    const folder = await folderOf('flat', { 'b.png': plain(2), 'a.png': plain(1), 'c.png': plain(3) });
    expect(await firstValues(folder)).toEqual({ values: [1, 2, 3], labels: [] });
    const labels = join(root, 'flat.u8');
    await writeFile(labels, Uint8Array.of(7, 8, 9));
    expect(await firstValues(folder, { labels, limit: 2 })).toEqual({ values: [1, 2], labels: [7, 8] });
    await writeFile(labels, Uint8Array.of(7, 8));
    await expect(firstValues(folder, { labels })).rejects.toMatchObject({ code: 'labels-length' });
  });

  it('gives the pixels channels first, converted by the preprocessing', async () => {
    const folder = await folderOf('pixels', { 'a.png': png(3, 2, 3, (i) => i * 10) });
    const samples = await openData(folder, { shape: [3, 2, 3], preprocess: { range: [0, 255], mean: 1 } });
    for await (const { data } of samples.batches(1)) {
      const expected = [0, 1, 2].flatMap((c) => [0, 1, 2, 3, 4, 5].map((p) => (3 * p + c) * 10 - 1));
      expect(Array.from(data.data)).toEqual(expected);
    }
  });

  it('makes grey of colour, colour of grey, and drops transparency', async () => {
    const folder = await folderOf('colours', {
      'a.png': png(2, 2, 1, () => 77),
      'b.png': png(2, 2, 4, (i) => (i % 4 === 3 ? 0 : 99)),
      'c.png': encode({ width: 2, height: 2, channels: 3, depth: 16, data: new Uint16Array(12).fill(0x8080) }),
    });
    expect(await firstValues(folder)).toEqual({ values: [77, 99, 128], labels: [] });
    const grey = await openData(folder, { shape: [1, 2, 2] });
    for await (const { data } of grey.batches(3))
      expect([...data.data.subarray(0, 8)]).toEqual([77, 77, 77, 77, 99, 99, 99, 99]);
  });

  it('reads JPEG and WebP', async () => {
    const image = sharp({ create: { width: 16, height: 16, channels: 3, background: { r: 200, g: 100, b: 50 } } });
    const folder = await folderOf('formats', {
      'a.jpg': await image.clone().jpeg({ quality: 100 }).toBuffer(),
      'b.JPEG': await image.clone().jpeg({ quality: 100 }).toBuffer(),
      'c.webp': await image.clone().webp({ lossless: true }).toBuffer(),
    });
    const samples = await openData(folder, { shape: [3, 16, 16] });
    expect(samples.count).toBe(3);
    for await (const { data } of samples.batches(1)) {
      for (const [c, value] of [200, 100, 50].entries()) {
        expect(Math.abs(data.data[c * 256 + 100]! - value)).toBeLessThanOrEqual(3);
      }
    }
  });

  it('scales the shorter side and cuts out the centre', async () => {
    // Left, middle and right third in different greys: the middle square must be left over.
    const wide = png(24, 8, 3, (i) => [10, 120, 250][Math.floor((Math.floor(i / 3) % 24) / 8)]!);
    const folder = await folderOf('wide', { 'a.png': wide });
    const samples = await openData(folder, { shape: [3, 4, 4] });
    for await (const { data } of samples.batches(1)) {
      expect([...data.data.subarray(0, 16)].filter((_, i) => i % 4 === 1 || i % 4 === 2)).toEqual(
        new Array(8).fill(120),
      );
    }
  });

  it('refuses other sizes when told so, saying both', async () => {
    const folder = await folderOf('refuse', { 'a.png': png(5, 4, 3, () => 1) });
    const reading = firstValues(folder, { resize: 'refuse' });
    await expect(reading).rejects.toMatchObject({ code: 'data-shape' });
    await expect(reading).rejects.toThrow(/4 × 5 .* takes 2 × 2/);
  });

  it('refuses what cannot be decoded, naming the file', async () => {
    const cut = (await sharp(plain(5)).jpeg().toBuffer()).subarray(0, 200);
    for (const [name, bytes] of [
      ['text', Buffer.from('hello')],
      ['cut', cut],
      ['none', new Uint8Array()],
    ] as const) {
      const folder = await folderOf(`broken-${name}`, { 'x.jpg': bytes });
      await expect(firstValues(folder)).rejects.toMatchObject({ code: 'data-format', path: join(folder, 'x.jpg') });
    }
  });

  it('does not take samples folders, whose contact sheets are images, for classes', async () => {
    const sheets = { 'a/contact-sheet.png': plain(1), 'b/contact-sheet.png': plain(2) };
    const folder = await folderOf('runs', {
      ...sheets,
      'a/manifest.json': new Uint8Array(),
      'b/manifest.partial.json': new Uint8Array(),
    });
    await expect(firstValues(folder)).rejects.toMatchObject({
      code: 'data-format',
      message: `${folder} is no data set, but a folder of samples folders: a, and 1 more.`,
      hint: `Give one of them: ${join(folder, 'a')}.`,
    });
  });

  it('refuses folders without images, with images at two levels, and networks that take none', async () => {
    const empty = await folderOf('empty', { 'a.txt': new Uint8Array(1) });
    await expect(firstValues(empty)).rejects.toMatchObject({ code: 'data-empty' });
    const mixed = await folderOf('mixed', { 'a.png': plain(1), 'cat/b.png': plain(1) });
    await expect(firstValues(mixed)).rejects.toMatchObject({ code: 'data-format' });
    const folder = await folderOf('shape', { 'a.png': plain(1) });
    for (const shape of [
      [2, 4, 4],
      [3, 100],
      [3, 2, 4, 4],
    ]) {
      await expect(firstValues(folder, { shape })).rejects.toMatchObject({ code: 'data-shape' });
    }
  });
});
