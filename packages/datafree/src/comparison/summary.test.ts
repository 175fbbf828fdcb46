import { expect, test } from 'vitest';
import type { Cell } from './cell.ts';
import { csvOf, markdownOf, rowsOf, spreadOf, textOf } from './summary.ts';

function cell(method: string, bits: number, seed: number, top1: number | null, total = 2): Cell {
  return {
    method,
    bits: { weights: bits, activations: bits },
    seed,
    options: {},
    samples: 4,
    top1,
    agreement: 90 + seed,
    cosine: 1,
    bytes: 100,
    seconds: { synthesis: 1, calibration: 1, fineTuning: 0, total },
    fp32: { top1: 95 },
  };
}

const cells = [
  cell('bns', 8, 0, 90),
  cell('bns', 4, 0, 70),
  cell('bns', 8, 1, 92),
  cell('bns', 8, 2, 94),
  cell('a|b,c', 8, 0, null),
];

test('mean and standard deviation of a sample', () => {
  expect(spreadOf([90, 92, 94])).toEqual({ mean: 92, spread: 2 });
  expect(spreadOf([5])).toEqual({ mean: 5, spread: null });
});

test('a row for each method and bits', () => {
  expect(rowsOf(cells)).toMatchObject([
    { method: 'bns', bits: { weights: 8, activations: 8 }, seeds: 3, top1: { mean: 92, spread: 2 } },
    { method: 'bns', bits: { weights: 4, activations: 4 }, seeds: 1, top1: { mean: 70, spread: null } },
    { method: 'a|b,c', seeds: 1, top1: null, agreement: { mean: 90, spread: null } },
  ]);
});

test('as text', () => {
  const lines = textOf(rowsOf(cells), 95)
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/));
  expect(lines[1]).toEqual(['full precision', '32/32', '–', '95.00', '100.00', '–']);
  expect(lines[2]).toEqual(['bns', '8/8', '3', '92.00 ± 2.00', '91.00 ± 1.00', '2.0 ± 0.0']);
  expect(lines[3]).toEqual(['bns', '4/4', '1', '70.00', '90.00', '2.0']);
  expect(lines[4]?.[3]).toBe('–');
});

test('in Markdown', () => {
  const lines = markdownOf(rowsOf(cells), null).split('\n');
  expect(lines[0]).toBe('| method | bits | seeds | top-1 % | agreement % | seconds |');
  expect(lines[1]).toBe('|---|---|--:|--:|--:|--:|');
  expect(lines[3]).toBe('| bns | 8/8 | 3 | 92.00 ± 2.00 | 91.00 ± 1.00 | 2.0 ± 0.0 |');
  expect(lines[5]).toMatch(/^\| a\\\|b,c \|/);
});

test('as comma-separated values', () => {
  expect(csvOf(rowsOf(cells)).split('\n')).toEqual([
    'method,weights,activations,seeds,top1_mean,top1_spread,agreement_mean,agreement_spread,seconds_mean,seconds_spread',
    'bns,8,8,3,92,2,91,1,2,0',
    'bns,4,4,1,70,,90,,2,',
    '"a|b,c",8,8,1,,,90,,2,',
  ]);
});
