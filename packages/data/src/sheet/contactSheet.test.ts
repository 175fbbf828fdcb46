import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { memorySamples } from '../memory.ts';
import { toInput } from '../preprocess/grid.ts';
import { gridOf } from '../preprocess/preprocess.ts';
import { contactSheet } from './contactSheet.ts';

const sheetOf = async (...parameters: Parameters<typeof contactSheet>) => decode(await contactSheet(...parameters));

describe('contactSheet', () => {
  it('draws RGB samples in their own colours, tile after tile, on white', async () => {
    const grid = gridOf('imagenet', 3)!;
    const shape = [3, 64, 64];
    const stored = Float32Array.from({ length: 3 * 3 * 4096 }, (_, i) => Math.floor(i / 4096) * 20 + (i % 64));
    const samples = memorySamples({ shape, data: toInput(grid, stored, shape) });
    const sheet = await sheetOf(samples, { grid, columns: 2 });
    expect(sheet).toMatchObject({ width: 2 + 2 * 66, height: 2 + 2 * 66, channels: 3, depth: 8 });
    const at = (x: number, y: number): number[] => [
      ...sheet.data.subarray((y * sheet.width + x) * 3, (y * sheet.width + x + 1) * 3),
    ];
    expect(at(0, 0)).toEqual([255, 255, 255]);
    expect(at(2, 2)).toEqual([0, 20, 40]);
    expect(at(2 + 5, 2)).toEqual([5, 25, 45]);
    expect(at(68, 2)).toEqual([60, 80, 100]);
    expect(at(2, 68)).toEqual([120, 140, 160]);
    expect(at(68, 68)).toEqual([255, 255, 255]);
  });

  it('stretches features to the range of their tile, as grey', async () => {
    const grid = gridOf({ scale: 0.5, zeroPoint: 83 }, 1)!;
    const shape = [1, 2, 2];
    const samples = memorySamples({ shape, data: Float32Array.of(-5, 0, 5, 10, 7, 7, 7, 7) });
    const sheet = await sheetOf(samples, { grid, columns: 2 });
    expect(sheet).toMatchObject({ width: 2 + 2 * 66, height: 68, channels: 1 });
    const tile = (left: number) =>
      [0, 32].flatMap((y) => [0, 32].map((x) => sheet.data[(2 + y) * sheet.width + 2 + left + x]));
    expect(tile(0)).toEqual([0, 85, 170, 255]);
    expect(tile(66)).toEqual([0, 0, 0, 0]);
  });

  it('enlarges by whole factors and stays about square', async () => {
    const sheet = await sheetOf(memorySamples({ shape: [1, 49, 10], data: new Float32Array(490 * 20) }));
    // 10 columns and 2 rows: 20 tiles of 49 × 10
    expect([sheet.width, sheet.height]).toEqual([10 * 12 + 2, 2 * 51 + 2]);
  });

  it.each([
    [[2, 3, 4], 3, 4],
    [[5, 3, 4], 3, 4],
    [[3, 100], 3, 100],
    [[70], 1, 70],
    [[3, 2, 5, 80], 10, 80],
  ])('draws samples of shape %j', async (shape, height, width) => {
    const size = shape.reduce((a, b) => a * b);
    const sheet = await sheetOf(memorySamples({ shape, data: Float32Array.from({ length: size }, (_, i) => i) }));
    const zoom = Math.max(1, Math.floor(64 / Math.max(height, width)));
    expect([sheet.width, sheet.height]).toEqual([width * zoom + 4, height * zoom + 4]);
    const last = sheet.data[((2 + height * zoom - 1) * sheet.width + 2 + width * zoom - 1) * sheet.channels];
    expect(last).toBe(shape.length > 2 && shape[0] === 3 ? 85 : 255);
  });

  it('draws no more than asked for', async () => {
    const samples = memorySamples({ shape: [1, 64, 64], data: new Float32Array(100 * 4096) });
    expect((await sheetOf(samples)).width).toBe(8 * 66 + 2);
    expect((await sheetOf(samples, { limit: 3, columns: 9 })).width).toBe(3 * 66 + 2);
    await expect(contactSheet(samples, { limit: 0 })).rejects.toMatchObject({ code: 'option-invalid' });
    await expect(contactSheet(samples, { columns: 1.5 })).rejects.toMatchObject({ code: 'option-invalid' });
  });
});
