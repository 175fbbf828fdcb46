import { describe, expect, it } from 'vitest';
import { leastSquares, nonNegativeLeastSquares } from './leastSquares.ts';

const rows = [
  [1, 2],
  [3, -1],
  [0.5, 0.5],
];
const ones = [1, 1, 1];
const product = (x: readonly number[]) => rows.map((row) => row[0]! * x[0]! + row[1]! * x[1]!);

describe('leastSquares', () => {
  it('recovers an exact solution', () => {
    const [first, second] = leastSquares(rows, product([2, -3]), ones, [0, 0], 0);
    expect(first).toBeCloseTo(2, 9);
    expect(second).toBeCloseTo(-3, 9);
  });

  it('falls back to the prior in directions that nothing tells', () => {
    const same = [
      [1, 1],
      [2, 2],
    ];
    const [first, second] = leastSquares(same, [4, 8], [1, 1], [1, 2], 1e-6);
    expect(first! + second!).toBeCloseTo(4, 4);
    expect(second! - first!).toBeCloseTo(1, 4);
  });
});

describe('nonNegativeLeastSquares', () => {
  it('recovers an exact non-negative solution', () => {
    const [first, second] = nonNegativeLeastSquares(rows, product([2, 3]), ones, [1, 1], 0);
    expect(first).toBeCloseTo(2, 6);
    expect(second).toBeCloseTo(3, 6);
  });

  it('puts 0 where the free solution is negative', () => {
    const [first, second] = nonNegativeLeastSquares(rows, product([2, -3]), ones, [1, 1], 0);
    expect(second).toBe(0);
    // The best multiple of the first column.
    const y = product([2, -3]);
    expect(first).toBeCloseTo((y[0]! + 3 * y[1]! + 0.5 * y[2]!) / (1 + 9 + 0.25), 6);
  });
});
