import { tensorOf } from '@datafree/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cosines, decisions, equal, hits, scoresOf } from './scores.ts';

const scores = (rows: readonly (readonly number[])[]) =>
  scoresOf([tensorOf('float32', [rows.length, rows[0]!.length], rows.flat())], rows.length, 'm.onnx');

test('joins outputs and drops what a batch was filled up with', () => {
  const parts = [tensorOf('float32', [2, 2], [1, 2, 3, 4]), tensorOf('float32', [2, 2], [5, 6, 0, 0])];
  const joined = scoresOf(parts, 3, 'm.onnx');
  expect(joined).toEqual({ values: Float32Array.of(1, 2, 3, 4, 5, 6), samples: 3, classes: 2, positions: 1 });
});

test('names the model that gives NaN', () => {
  expect(() => scores([[1, Number.NaN]])).toThrowError(
    expect.objectContaining({ code: 'not-finite', message: expect.stringContaining('m.onnx') }),
  );
});

test('decides for the highest score, the first of equal ones', () => {
  expect([
    ...decisions(
      scores([
        [0, 3, 1],
        [2, 2, 0],
        [-1, -2, -3],
      ]),
    ),
  ]).toEqual([1, 0, 0]);
});

test('decides at each position', () => {
  const values = tensorOf('float32', [1, 2, 3], [1, 5, 0, 2, 4, 0]);
  expect([...decisions(scoresOf([values], 1, 'm'))]).toEqual([1, 0, 0]);
});

test('counts labels among the highest scores', () => {
  const s = scores([
    [5, 4, 3, 2, 1, 0],
    [0, 1, 2, 3, 4, 5],
  ]);
  expect(hits(s, [0, 0], 1)).toBe(1);
  expect(hits(s, [4, 1], 5)).toBe(2);
  expect(hits(s, [5, 0], 5)).toBe(0);
});

test('a label in the first place is a decision, and one among five is at least as often', () => {
  const row = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 7, maxLength: 7 });
  fc.assert(
    fc.property(fc.array(fc.tuple(row, fc.nat(6)), { minLength: 1 }), (samples) => {
      const s = scores(samples.map(([values]) => values));
      const labels = Int32Array.from(samples, ([, label]) => label);
      expect(hits(s, labels, 1)).toBe(equal(decisions(s), labels));
      expect(hits(s, labels, 5)).toBeGreaterThanOrEqual(hits(s, labels, 1));
      expect(hits(s, labels, 7)).toBe(samples.length);
    }),
  );
});

test('cosines of equal, opposite and zero outputs', () => {
  const a = scores([
    [1, 2],
    [0, 0],
    [1, 0],
  ]);
  const b = scores([
    [2, 4],
    [0, 0],
    [-1, 0],
  ]);
  expect(cosines(a, b)).toBeCloseTo(1 + 1 - 1, 6);
  expect(cosines(scores([[1, 0]]), scores([[0, 0]]))).toBe(0);
});
