import { Random } from '@datafree/core';
import { describe, expect, it } from 'vitest';
import { findBlocks } from '../blocks/blocks.ts';
import { context, images, quantize, residualNetwork, valuesOn } from '../testing/residual.ts';
import { windowOf } from './activations.ts';
import { BatchDraw } from './draw.ts';

const model = residualNetwork();
const samples = images(20);
const prepared = quantize(model, 3).then(({ graph }) => ({
  quantised: graph,
  block: findBlocks(model, graph, 8)[1]!,
}));
const each = 3 * 512;

describe('BatchDraw', () => {
  it.each([undefined, 8 * each])('draws pairs that belong together (room for %s values)', async (room) => {
    const { quantised, block } = await prepared;
    const source = { model, quantised, block, samples, batch: 4 };
    const options = { steps: 40, batch: 4, drop: 0.5, ...(room !== undefined && { room }) };
    expect(windowOf(source, room)).toBe(room === undefined ? 20 : 8);
    const [exact, targets] = await valuesOn(model.graph, [block.entry, block.exit], samples);
    const [own] = await valuesOn(quantised, [block.entry], samples);
    const draw = new BatchDraw(source, options, new Random(1), context());
    const drawn = new Set<number>();
    const shares: number[] = [];
    for (let step = 0; step < 40; step++) {
      const { inputs, targets: wanted } = await draw.batch(step);
      for (let i = 0; i < 4; i++) {
        const row = wanted.data.subarray(i * 512, (i + 1) * 512);
        const sample = Array.from({ length: 20 }, (_, n) => n).find((n) =>
          row.every((value, k) => Math.abs(value - (targets!.data as Float32Array)[n * 512 + k]!) < 1e-4),
        )!;
        expect(sample).toBeDefined();
        drawn.add(sample);
        let [ofExact, ofOwn] = [0, 0];
        for (let k = 0; k < 512; k++) {
          const value = inputs.data[i * 512 + k]!;
          const isExact = Math.abs(value - (exact!.data as Float32Array)[sample * 512 + k]!) < 1e-4;
          const isOwn = Math.abs(value - (own!.data as Float32Array)[sample * 512 + k]!) < 1e-4;
          expect(isExact || isOwn).toBe(true);
          if (isExact && !isOwn) ofExact++;
          if (isOwn && !isExact) ofOwn++;
        }
        shares[step] = ofExact / (ofExact + ofOwn);
      }
    }
    expect(drawn.size).toBe(20);
    shares.forEach((share, step) => {
      expect(Math.abs(share - 0.5 * (1 - step / 40))).toBeLessThan(0.15);
    });
  });

  it('gives the same batch for a seed', async () => {
    const { quantised, block } = await prepared;
    const source = { model, quantised, block, samples, batch: 4 };
    const options = { steps: 10, batch: 4, drop: 0.5 };
    const inputs = async (seed: number) =>
      (await new BatchDraw(source, options, new Random(seed), context()).batch(3)).inputs.data;
    expect(await inputs(1)).toEqual(await inputs(1));
    expect(await inputs(2)).not.toEqual(await inputs(1));
  });
});
