import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openData } from './openData.ts';
import type { Preprocess } from './preprocess/preprocess.ts';

const assets = process.env.DATAFREE_ASSETS ?? fileURLToPath(new URL('../../../../shared/assets', import.meta.url));
const there = existsSync(join(assets, 'manifest.json'));

interface Entry {
  readonly file: string;
  readonly labels: string;
  readonly n: number;
  readonly shape: readonly [number, number, number];
  readonly dequantize?: { readonly scale: number; readonly zero_point: number };
}

describe.skipIf(!there)(`real data sets (in ${assets}${there ? '' : ', which is absent'})`, () => {
  const entries: Entry[] = there ? JSON.parse(readFileSync(join(assets, 'manifest.json'), 'utf8')).data : [];

  it.each(entries)('reads $file with its labels', async ({ file, labels, n, shape, dequantize }) => {
    const [height, width, channels] = shape;
    const preprocess: Preprocess =
      dequantize === undefined ? 'signed' : { scale: dequantize.scale, zeroPoint: dequantize.zero_point };
    const samples = await openData(join(assets, file), {
      shape: [channels, height, width],
      rawShape: shape,
      labels: join(assets, labels),
      classes: 1001,
      preprocess,
    });
    expect(samples).toMatchObject({ count: n, labelled: true });
    const [low, high] = dequantize === undefined ? [-1, 1] : [-123.4, 25.73];
    let count = 0;
    const seen = new Set<number>();
    for await (const batch of samples.batches(64)) {
      count += batch.data.dims[0]!;
      for (const label of batch.labels!) seen.add(label);
      let outside = 0;
      for (const value of batch.data.data) if (value < low || value > high) outside++;
      expect(outside).toBe(0);
    }
    expect(count).toBe(n);
    expect(seen.size).toBeGreaterThanOrEqual(10);
  });
});
