import { GraphBuilder, interpret, Random, tensorOf } from '@datafree/core';
import { describe, expect, it } from 'vitest';
import { augmenter, type ChannelValues } from './augmenter.ts';
import { blur } from './blur.ts';
import { crop } from './crop.ts';
import { cutout } from './cutout.ts';
import { flip } from './flip.ts';
import { jitter } from './jitter.ts';
import { pad } from './pad.ts';
import { mirrored, writeResampling } from './resampling.ts';
import { shift } from './shift.ts';
import { someOf } from './some.ts';
import type { Augmentation } from './view.ts';

function seen(
  augmentations: readonly Augmentation[],
  shape: readonly number[],
  values: ArrayLike<number>,
  seed = 1,
  channels: ChannelValues = { mean: [0] },
) {
  const b = new GraphBuilder();
  const samples = values.length / shape.reduce((product, size) => product * size, 1);
  const dims = [samples, ...shape];
  const x = augmenter(augmentations, samples, shape, channels);
  b.output(x.write(b, b.input('x', 'float32', dims)), 'y');
  const feeds = { x: tensorOf('float32', dims, values), ...x.draw(new Random(seed)) };
  return { y: Array.from(interpret(b.build(), feeds).y?.data as Float32Array), feeds };
}

const ramp = (count: number) => Float32Array.from({ length: count }, (_, i) => i);

describe('augmenter', () => {
  it('needs no input without augmentations', () => {
    const { y, feeds } = seen([], [2, 3], ramp(12));
    expect(y).toEqual([...ramp(12)]);
    expect(Object.keys(feeds)).toEqual(['x']);
  });

  it('mirrors the last axis of some samples, all channels alike', () => {
    const { y } = seen([flip()], [2, 2, 3], ramp(12 * 40), 3);
    const kinds = Array.from({ length: 40 }, (_, n) => {
      const own = y.slice(n * 12, n * 12 + 12).map((value) => value - n * 12);
      return own[0] === 0 ? 'plain' : 'mirrored';
    });
    expect(new Set(kinds)).toEqual(new Set(['plain', 'mirrored']));
    const n = kinds.indexOf('mirrored');
    expect(y.slice(n * 12, n * 12 + 12).map((value) => value - n * 12)).toEqual([2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9]);
  });

  it('moves along every axis and mirrors at the border', () => {
    // One moving pixel along each of two axes: the middle of each sample comes from a neighbour.
    const { y } = seen([shift(0.34)], [1, 3, 3], ramp(9 * 60), 5);
    const middles = new Set(Array.from({ length: 60 }, (_, n) => (y[n * 9 + 4] as number) - n * 9));
    expect(middles).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8]));
  });

  it('moves along every axis and shows a margin beyond the border, of each channel its own', () => {
    const { y } = seen([pad(0.34)], [2, 3, 3], ramp(18 * 60), 5, { mean: [0], margin: [-1, -2] });
    const views = Array.from({ length: 60 }, (_, n) =>
      y.slice(n * 18, n * 18 + 18).map((v) => (v < 0 ? v : v - n * 18)),
    );
    const middles = views.map((view) => view[4] as number);
    expect(new Set(middles)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8]));
    // The middle shows pixel 8, so the sample has moved up and left: the last row and column lie beyond it.
    expect(views[middles.indexOf(8)]).toEqual([4, 5, -1, 7, 8, -1, -1, -1, -1, 13, 14, -2, 16, 17, -2, -2, -2, -2]);
    expect(views[middles.indexOf(4)]).toEqual([...ramp(18)]);
  });

  it('moves what is padded and keeps its margin where other views come before or after', () => {
    const margins = { mean: [0], margin: [-1] };
    const { y } = seen([flip(), pad(0.4), blur(1e-9)], [1, 1, 5], new Float32Array(5 * 40).fill(3), 5, margins);
    expect(new Set(y.map((value) => Math.round(value * 1e4) / 1e4))).toEqual(new Set([3, -1]));
  });

  it('keeps a constant constant under every resampling', () => {
    const { y } = seen([someOf([flip(), shift(0.3), crop(), blur(2)])], [2, 7, 5], new Float32Array(70 * 8).fill(3), 2);
    for (const value of y) expect(value).toBeCloseTo(3, 5);
  });

  it('works on one and on three spatial axes', () => {
    for (const shape of [
      [2, 9],
      [1, 4, 5, 6],
    ]) {
      const count = 3 * shape.reduce((product, size) => product * size, 1);
      const { y } = seen([crop(0.5)], shape, ramp(count), 4);
      expect(y).toHaveLength(count);
      expect(Math.max(...y)).toBeLessThanOrEqual(count - 1 + 1e-3);
      expect(Math.min(...y)).toBeGreaterThanOrEqual(-1e-3);
      expect(y).not.toEqual([...ramp(count)]);
    }
  });

  it('blanks boxes with the fill of each channel', () => {
    const { y } = seen([cutout(4, 0.7)], [2, 6, 6], new Float32Array(72 * 10).fill(1), 8, { mean: [-5, 9] });
    const first = new Set(y.filter((_, i) => Math.floor(i / 36) % 2 === 0));
    const second = new Set(y.filter((_, i) => Math.floor(i / 36) % 2 === 1));
    expect(first).toEqual(new Set([1, -5]));
    expect(second).toEqual(new Set([1, 9]));
  });

  it('changes contrast about the mean and brightness by the deviation of each channel', () => {
    const samples = 200;
    const [fill, deviation] = [
      [3, -1],
      [2, 10],
    ];
    // Of each channel one pixel at the mean and one a unit above it.
    const values = Array.from({ length: samples }, () => [3, 4, -1, 0]).flat();
    const { y } = seen([jitter(0.2, 0.1)], [2, 2], values, 6, { mean: fill, deviation });
    const gains: number[] = [];
    const offsets: number[] = [];
    for (let n = 0; n < samples; n++) {
      const [first, above, second, aboveToo] = y.slice(4 * n, 4 * n + 4) as [number, number, number, number];
      const [gain, offset] = [above - first, (first - 3) / 2];
      expect(aboveToo - second).toBeCloseTo(gain, 5);
      expect((second + 1) / 10).toBeCloseTo(offset, 5);
      gains.push(gain);
      offsets.push(offset);
    }
    const within = (drawn: readonly number[], low: number, high: number) => {
      const part = (high - low) / 20;
      expect(Math.min(...drawn)).toBeGreaterThan(low - 1e-5);
      expect(Math.min(...drawn)).toBeLessThan(low + part);
      expect(Math.max(...drawn)).toBeLessThan(high + 1e-5);
      expect(Math.max(...drawn)).toBeGreaterThan(high - part);
    };
    within(gains, 0.8, 1.2);
    within(offsets, -0.1, 0.1);
  });

  it('blanks with the fill also where contrast and brightness change, among some of several', () => {
    const both = someOf([jitter(), cutout(4, 0.9)]);
    const { y } = seen([both], [1, 6, 6], new Float32Array(36 * 40).fill(1), 8, { mean: [-5] });
    const kinds = Array.from({ length: 40 }, (_, n) => [...new Set(y.slice(36 * n, 36 * n + 36))]);
    expect(kinds.some((values) => values.includes(-5) && values.some((value) => value !== -5 && value !== 1))).toBe(
      true,
    );
    for (const values of kinds) expect(values.length).toBeLessThanOrEqual(2);
  });

  it('jitters samples without spatial axes', () => {
    const { y } = seen([jitter()], [3], new Float32Array(15).fill(2), 3, { mean: [0, 0, 0] });
    for (let n = 0; n < 5; n++) expect(new Set(y.slice(3 * n, 3 * n + 3)).size).toBe(1);
    expect(new Set(y).size).toBe(5);
  });

  it('draws the same views from the same seed and others from another', () => {
    const drawn = (seed: number) => seen([crop(), cutout()], [1, 8, 8], ramp(64 * 2), seed).y;
    expect(drawn(1)).toEqual(drawn(1));
    expect(drawn(1)).not.toEqual(drawn(2));
  });
});

describe('writeResampling', () => {
  it('interpolates between two pixels', () => {
    const matrix = new Float32Array(9);
    writeResampling(matrix, 3, { scale: 0.5, offset: 0.25, blur: 0, padded: false });
    expect([...matrix]).toEqual([0.75, 0.25, 0, 0.25, 0.75, 0, 0, 0.75, 0.25]);
  });

  it('writes the transposed', () => {
    const matrix = new Float32Array(9);
    writeResampling(matrix, 3, { scale: 1, offset: 1, blur: 0, padded: false }, true);
    // Target 0 shows source 1, target 1 shows 2, target 2 shows 3, which mirrors to 1.
    expect([...matrix]).toEqual([0, 0, 0, 1, 0, 1, 0, 1, 0]);
  });

  it('interpolates between pixels however little the view blurs', () => {
    const [sharp, little] = [0, 1e-3].map((blur) => {
      const matrix = new Float32Array(9);
      writeResampling(matrix, 3, { scale: 0.5, offset: 0.25, blur, padded: false });
      return Array.from(matrix);
    });
    expect(little).toEqual(sharp);
  });

  it('weights by a Gaussian where the view blurs', () => {
    const matrix = new Float32Array(11 * 11);
    writeResampling(matrix, 11, { scale: 1, offset: 0, blur: 1, padded: false });
    const row = matrix.subarray(5 * 11, 6 * 11);
    expect(row[5]! / row[4]!).toBeCloseTo(Math.exp(0.5), 4);
    expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5);
  });
});

describe('mirrored', () => {
  it('turns back at the first and last pixel', () => {
    expect([-2, -1, 0, 1, 2, 3, 4, 5, 6].map((i) => mirrored(i, 3))).toEqual([2, 1, 0, 1, 2, 1, 0, 1, 2]);
    expect(mirrored(7, 1)).toBe(0);
  });
});
